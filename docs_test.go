package main

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/opam-cargo/opam-cargo/internal/cli"
)

// The reference page says what the command line takes today.
func TestReference(t *testing.T) {
	page, err := os.ReadFile("docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := cli.Run(context.Background(), []string{"opam-cargo", "generate", "reference"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if stdout.String() != string(page) {
		t.Error("docs/reference.md is not what the command line says; write it anew: go run . generate reference >docs/reference.md")
	}
}
