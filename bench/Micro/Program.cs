using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Micro;

// After the folder that the report goes into come BenchmarkDotNet's own arguments, for instance --filter '*Queueing*'.
if (args is not [var results, .. var rest]) throw new ArgumentException("Expected the folder of the report.", nameof(args));

// In this process: another one would be built by settings of its own.
var config = ManualConfig.Create(DefaultConfig.Instance)
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "chatpulse-micro"));
var report = new AccumulationLogger();
foreach (var summary in BenchmarkSwitcher.FromTypes([typeof(PacketCodecs), typeof(Queueing), typeof(FanOut), typeof(Echo)]).Run(rest.Length == 0 ? ["--filter", "*"] : rest, config))
{
    report.WriteLine($"## {summary.BenchmarksCases[0].Descriptor.Type.Name}");
    report.WriteLine();
    MarkdownExporter.GitHub.ExportToLog(summary, report);
}

// Some of them are no report.
if (rest.Length > 0) return;
Directory.CreateDirectory(results);
await File.WriteAllTextAsync(Path.Combine(results, "micro.md"), $"# Micro-benchmarks\n\n{DateTime.UtcNow:yyyy-MM-dd}. Written by `./bench.sh micro`.\n\n{report.GetLog()}");
