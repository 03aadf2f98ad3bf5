// Package order puts what comes out of maps in an order that is always the same.
package order

import "sort"

// Keys are the keys of m, sorted.
func Keys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
