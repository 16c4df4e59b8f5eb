package bench

import (
	"errors"
	"sync"
)

// each calls work with 0 to n-1, as many at a time as atOnce says, and returns
// what went wrong, all of it.
func each(n, atOnce int, work func(i int) error) error {
	errs := make([]error, n)
	slots := make(chan struct{}, atOnce)
	var working sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		working.Go(func() {
			defer func() { <-slots }()
			errs[i] = work(i)
		})
	}
	working.Wait()
	return errors.Join(errs...)
}
