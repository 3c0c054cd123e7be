package cli

// Run is Main with the clock handed in.
var Run = run
