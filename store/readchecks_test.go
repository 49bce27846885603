package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestReadsShareOnlyChecksThatBeginAfterThem lets reads come while a check runs: that one may have looked too early.
func TestReadsShareOnlyChecksThatBeginAfterThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tasks tasks
		release := make(chan uint64)
		var begun int
		checks := &readChecks{tasks: &tasks, timeout: time.Minute, check: func(context.Context) (uint64, error) {
			begun++
			return <-release, nil
		}}
		answers := make(chan uint64, 100)
		ask := func(readers int) {
			for range readers {
				go func() {
					index, err := checks.ask(t.Context())
					if err != nil {
						t.Error(err)
					}
					answers <- index
				}()
			}
			synctest.Wait()
		}
		ask(1)
		ask(50)
		if begun != 1 {
			t.Fatalf("%d checks began, want 1", begun)
		}
		release <- 10
		synctest.Wait()
		if got := len(answers); got != 1 || <-answers != 10 {
			t.Fatalf("%d reads took the check that began before the others came, want 1", got)
		}
		if begun != 2 {
			t.Fatalf("%d checks began for the 50 reads that waited, want one", begun-1)
		}
		release <- 20
		synctest.Wait()
		for range 50 {
			if got := <-answers; got != 20 {
				t.Errorf("a read was given %d, want 20", got)
			}
		}
		tasks.end()
		if _, err := checks.ask(t.Context()); err == nil {
			t.Error("a read after the end was given an index")
		}
	})
}

func TestReadCheckIsBoundedAndItsFaultIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tasks tasks
		fault := errors.New("no answer")
		checks := &readChecks{tasks: &tasks, timeout: time.Second, check: func(ctx context.Context) (uint64, error) {
			<-ctx.Done()
			return 0, fault
		}}
		begun := time.Now()
		if _, err := checks.ask(t.Context()); !errors.Is(err, fault) || time.Since(begun) != time.Second {
			t.Errorf("error %v after %s, want the check's after 1s", err, time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := checks.ask(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v for a read whose time is up", err)
		}
		tasks.end()
	})
}
