//go:build tools

// Package tools names the command that tools/bootstrap/pulumi.py builds; go.sum pins all that it is made of.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
