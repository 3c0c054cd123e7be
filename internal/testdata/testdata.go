// Package testdata finds the real files that tests read. They live outside the
// project, because their licences differ; a test that needs one is skipped with
// a clear message where they are absent. Only tests may import it.
package testdata

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Shared returns the path of a file or folder of the shared real data: below
// $SPOOR_SHARED, which defaults to ../shared beside the project, in its folder
// "data". It skips the test if that is absent, and fails it if the data is there
// but the asked path is not, so that a moved file doesn't silently skip a test.
func Shared(t testing.TB, path string) string {
	t.Helper()
	root := os.Getenv("SPOOR_SHARED")
	if root == "" {
		root = filepath.Join(moduleRoot(t), "..", "shared")
	}
	data := filepath.Join(root, "data")
	if _, err := os.Stat(data); err != nil {
		t.Skipf("real data not present: set SPOOR_SHARED to the folder that holds data/ (looked in %s)", root)
	}
	p := filepath.Join(data, filepath.FromSlash(path))
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("the shared data has no %s", path)
	}
	return p
}

// Files returns the files directly in a folder of the shared data that match
// the pattern of filepath.Match. It fails the test if there are none.
func Files(t testing.TB, folder, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(Shared(t, folder), pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in %s (%v)", pattern, folder, err)
	}
	return found
}

// moduleRoot is the folder with go.mod, found from this source file.
func moduleRoot(t testing.TB) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("couldn't tell where the module is")
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}
