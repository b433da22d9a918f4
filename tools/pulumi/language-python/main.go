// Command pulumi-language-python starts the Python language host with the environment that Pulumi.yaml names.
//
// The host that can be built from source takes the virtual environment as a flag. The command line sends it in
// each request instead, which that host does not read, so this program reads the project and adds the flag.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"gopkg.in/yaml.v3"
)

const host = "pulumi-language-python-host"

var projectFiles = []string{"Pulumi.yaml", "Pulumi.yml", "Pulumi.json"}

// options of a Python project: https://www.pulumi.com/docs/iac/languages-sdks/python/
type options struct {
	Virtualenv  string `yaml:"virtualenv"`
	Toolchain   string `yaml:"toolchain"`
	Typechecker string `yaml:"typechecker"`
}

func main() {
	if err := start(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-language-python: %v\n", err)
		os.Exit(1)
	}
}

func start(arguments []string) error {
	flags, err := flagsOfProject()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	resolved, err := filepath.EvalSymlinks(self)
	if err != nil {
		return err
	}
	program := filepath.Join(filepath.Dir(resolved), host)
	return syscall.Exec(program, append(append([]string{program}, flags...), arguments...), os.Environ())
}

// flagsOfProject are those of the project above the working directory; none outside of a project.
func flagsOfProject() ([]string, error) {
	directory, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	file := above(directory, projectFiles...)
	if file == "" {
		return nil, nil
	}
	chosen, err := read(file)
	if err != nil {
		return nil, err
	}
	if chosen.Typechecker != "" {
		fmt.Fprintf(os.Stderr, "%s: typechecker: %s is not run by this language host\n", file, chosen.Typechecker)
	}
	root := filepath.Dir(file)
	environment, err := environmentOf(chosen, root, directory)
	if err != nil || environment == "" {
		return nil, err
	}
	return []string{"-root=" + root, "-virtualenv=" + environment}, nil
}

func read(file string) (options, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return options{}, err
	}
	var project struct {
		Runtime yaml.Node `yaml:"runtime"`
	}
	if err := yaml.Unmarshal(content, &project); err != nil {
		return options{}, fmt.Errorf("%s: %w", file, err)
	}
	var runtime struct {
		Options options `yaml:"options"`
	}
	if project.Runtime.Kind == yaml.MappingNode { // not so in the short form, `runtime: python`
		if err := project.Runtime.Decode(&runtime); err != nil {
			return options{}, fmt.Errorf("%s: runtime: %w", file, err)
		}
	}
	return runtime.Options, nil
}

// environmentOf is the virtual environment's path, or "" where the first Python on PATH is meant.
// The host makes a missing one with pip, so those of other tools have to be there.
func environmentOf(chosen options, root, directory string) (string, error) {
	var path, remedy string
	switch strings.ToLower(chosen.Toolchain) {
	case "", "pip":
		return chosen.Virtualenv, nil
	case "uv":
		remedy = "uv sync"
		path = chosen.Virtualenv
		if path == "" {
			path = ".venv"
			if lock := above(directory, "uv.lock", "pyproject.toml"); lock != "" {
				path = filepath.Join(filepath.Dir(lock), path)
			}
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
	case "poetry":
		remedy = "poetry install"
		command := exec.Command("poetry", "env", "info", "--path")
		command.Dir = directory
		output, err := command.Output()
		if errors.Is(err, exec.ErrNotFound) {
			return "", errors.New("toolchain: poetry is set in Pulumi.yaml, and there is no poetry on PATH")
		}
		path = strings.TrimSpace(string(output))
	default:
		return "", fmt.Errorf("toolchain: %s in Pulumi.yaml is none of pip, uv, poetry", chosen.Toolchain)
	}
	if _, err := os.Stat(filepath.Join(path, "bin", "python")); path == "" || err != nil {
		return "", fmt.Errorf("the environment of toolchain: %s (%s) is not there: run `%s` in %s first",
			chosen.Toolchain, path, remedy, directory)
	}
	return path, nil
}

// above is the first of the files in the directory or a parent of it, "" when there is none.
func above(directory string, names ...string) string {
	for {
		for _, name := range names {
			file := filepath.Join(directory, name)
			if info, err := os.Stat(file); err == nil && !info.IsDir() {
				return file
			}
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return ""
		}
		directory = parent
	}
}
