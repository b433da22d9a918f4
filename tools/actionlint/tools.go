//go:build tools

// Package tools names the command that tools/bootstrap/actionlint.py builds; go.sum pins all that it is made of.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
