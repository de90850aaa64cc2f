using Xunit.Sdk;
using Xunit.v3;

// A browser, a server and two windows at a time are enough for a small machine.
[assembly: Parallelization(Mode = ParallelMode.None)]
