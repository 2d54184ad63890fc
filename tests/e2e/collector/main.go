// An OpenTelemetry collector's OTLP receiver, alone: what it accepts over HTTP on the address of its argument goes to standard
// output, in OTLP's JSON, a batch a line. What it does not accept is answered with an error, as a collector does.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "collector:", err)
		os.Exit(1)
	}
}

func main() {
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	fail(confmap.NewFromStringMap(map[string]any{
		"protocols": map[string]any{"http": map[string]any{"endpoint": os.Args[1]}},
	}).Unmarshal(config))
	printer, err := consumer.NewTraces(func(_ context.Context, traces ptrace.Traces) error {
		line, err := (&ptrace.JSONMarshaler{}).MarshalTraces(traces)
		if err == nil {
			_, err = os.Stdout.Write(append(line, '\n'))
		}
		return err
	})
	fail(err)
	receiver, err := factory.CreateTraces(context.Background(), receivertest.NewNopSettings(factory.Type()), config, printer)
	fail(err)
	fail(receiver.Start(context.Background(), componenttest.NewNopHost()))
	end := make(chan os.Signal, 1)
	signal.Notify(end, os.Interrupt)
	<-end
	fail(receiver.Shutdown(context.Background()))
}
