package balance

import "errors"

// ErrUnknownAlgorithm means that no algorithm has the name asked for. The error that wraps it lists those there are.
var ErrUnknownAlgorithm = errors.New("unknown balancing algorithm")
