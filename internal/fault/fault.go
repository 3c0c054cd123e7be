// Package fault is the only vocabulary of failure: ten codes that tell a
// program what it can do next, and a message that tells a person.
//
// Every room may import it; it imports nothing. The command line maps a code to
// an exit status, a server maps it to an HTTP status, ingest maps it to a retry
// policy: one table each, none of them here.
package fault

import (
	"errors"
	"fmt"
)

// Code says what kind of failure this is, and so what can be done about it.
type Code uint8

// The codes. An error without a code is Internal.
const (
	Internal    Code = iota // ours: a bug, or something nobody foresaw
	Invalid                 // the request or the input is wrong; the same again fails again
	NotFound                // it isn't there
	Conflict                // somebody else holds it, or it changed meanwhile
	Denied                  // policy forbids it: TLP, PAP, role
	Auth                    // a key is missing or was refused
	Quota                   // a budget or a rate limit is used up
	Unavailable             // it can't be reached now; trying later may help
	Format                  // the other side sends something we don't understand
	Corrupt                 // our own stored data is damaged
)

var names = [...]string{
	Internal: "internal", Invalid: "invalid", NotFound: "not_found", Conflict: "conflict",
	Denied: "denied", Auth: "auth", Quota: "quota", Unavailable: "unavailable",
	Format: "format", Corrupt: "corrupt",
}

// String returns the code's stable name, as it appears in JSON.
func (c Code) String() string {
	if int(c) < len(names) {
		return names[c]
	}
	return "internal"
}

// Error carries a code, a message for a person, an optional hint that says what
// to do, and the cause.
type Error struct {
	Code  Code
	What  string // lower case, verb and object: "couldn't open the store"
	Hint  string // what to do about it; may be empty
	Cause error
}

// Error returns the message and its cause, without the hint.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.What
	}
	if e.What == "" {
		return e.Cause.Error()
	}
	return e.What + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New returns an error with a code and a formatted message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, What: fmt.Sprintf(format, args...)}
}

// Wrap adds a code and a fact to err. It returns nil if err is nil.
func Wrap(err error, code Code, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &Error{Code: code, What: fmt.Sprintf(format, args...), Cause: err}
}

// Hinted returns a copy of e with a hint: the sentence that says what to do.
func (e *Error) Hinted(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// CodeOf returns the code of the outermost Error in err's chain, Internal if
// there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// HintOf returns the first hint found in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Cause
	}
	return ""
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }
