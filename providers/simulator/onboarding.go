package simulator

import "sync"

// onboardings are the accounts that Code Assist knows. They are safe for concurrent use.
type onboardings struct {
	mu      sync.Mutex
	running map[string]*onboarding
	known   map[string]bool
}

// onboarding is one operation.
type onboarding struct {
	account string
	polls   int
}

// pollsNeeded is how often an operation must be asked for until it is done.
const pollsNeeded = 2

func (o *onboardings) begin(id, account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running == nil {
		o.running, o.known = make(map[string]*onboarding), make(map[string]bool)
	}
	o.running[id] = &onboarding{account: account}
}

// poll tells whether the operation is done, and whether there is one.
func (o *onboardings) poll(id string) (done, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	op := o.running[id]
	if op == nil {
		return false, false
	}
	op.polls++
	if op.polls < pollsNeeded {
		return false, true
	}
	o.known[op.account] = true
	return true, true
}

// done tells whether the account has a project.
func (o *onboardings) done(account string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[account]
}
