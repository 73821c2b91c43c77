// Reads what a collector is sent of traces, in OTLP's JSON, as the OpenTelemetry collector reads it; prints its spans.
package main

import (
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

func main() {
	raw, err := io.ReadAll(os.Stdin)
	request := ptraceotlp.NewExportRequest()
	if err == nil {
		err = request.UnmarshalJSON(raw)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, resource := range request.Traces().ResourceSpans().All() {
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				taken := span.EndTimestamp().AsTime().Sub(span.StartTimestamp().AsTime())
				fmt.Printf("%s\t%s\t%s\t%s\t%s\n", span.TraceID(), span.SpanID(), span.ParentSpanID(), taken, span.Name())
			}
		}
	}
}
