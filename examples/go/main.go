// Resumes an actor, or suspends it, and prints how it goes: a caller in Go.
//
//	go run . [-suspend] [-deadline 30s] [-ca FILE [-cert FILE -key FILE]] ADDRESS NAMESPACE/NAME
//
// Ctrl-C cancels the call, and with it the workflow. Ends with 0 when the actor
// is there, 1 when the call ended with another status than OK.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	pb "example.com/resume/gen/actorworkflow/v1"
)

var (
	suspend  = flag.Bool("suspend", false, "suspend in place of resume")
	deadline = flag.Duration("deadline", 0, "give up after this; 0: the coordinator's own deadline")
	ca       = flag.String("ca", "", "CA of the coordinator, PEM; without it no TLS")
	cert     = flag.String("cert", "", "own certificate, PEM")
	key      = flag.String("key", "", "its private key, PEM")
)

func main() {
	flag.Parse()
	namespace, name, found := strings.Cut(flag.Arg(1), "/")
	if flag.NArg() != 2 || !found {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), &pb.ActorRef{Namespace: namespace, Name: name}); err != nil {
		explain(err)
		os.Exit(1)
	}
}

func run(address string, actor *pb.ActorRef) error {
	transport, err := transport()
	if err != nil {
		return err
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport))
	if err != nil {
		return err
	}
	defer connection.Close()
	workflows := pb.NewActorWorkflowClient(connection)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *deadline)
		defer cancel()
	}
	var events grpc.ServerStreamingClient[pb.WorkflowEvent]
	if *suspend {
		events, err = workflows.Suspend(ctx, &pb.SuspendRequest{Actor: actor})
	} else {
		events, err = workflows.Resume(ctx, &pb.ResumeRequest{Actor: actor})
	}
	if err != nil {
		return err
	}
	for {
		event, err := events.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Println(describe(event))
	}
}

// One line for an event; which of the fields is set says what happened.
func describe(event *pb.WorkflowEvent) string {
	switch fact := event.Event.(type) {
	case *pb.WorkflowEvent_Started:
		return fmt.Sprintf("workflow %s, fencing token %d", event.WorkflowId, fact.Started.GetLease().GetFencingToken())
	case *pb.WorkflowEvent_StepStarted:
		return "step_started " + fact.StepStarted.Step
	case *pb.WorkflowEvent_StepCompleted:
		return "step_completed " + fact.StepCompleted.Step
	case *pb.WorkflowEvent_StepProgress:
		p := fact.StepProgress
		return fmt.Sprintf("%s: %s %d of %d %s", p.Step, p.Phase, p.Done, p.Total, p.Unit)
	case *pb.WorkflowEvent_Completed:
		actor := fact.Completed.Actor
		return strings.TrimSpace(actor.State.String() + " " + actor.Address)
	default:
		return fmt.Sprintf("%T", fact)
	}
}

// What a status other than OK says to programs: why, who, and when to try again.
func explain(err error) {
	s := status.Convert(err)
	fmt.Fprintf(os.Stderr, "%s: %s\n", s.Code(), s.Message())
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			fmt.Fprintf(os.Stderr, "reason %s %v\n", d.Reason, d.Metadata)
		case *errdetails.RetryInfo:
			fmt.Fprintf(os.Stderr, "retry after %s\n", d.RetryDelay.AsDuration().Round(time.Millisecond))
		}
	}
}

func transport() (credentials.TransportCredentials, error) {
	if *ca == "" {
		return insecure.NewCredentials(), nil
	}
	pem, err := os.ReadFile(*ca)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("-ca: got %s; expected certificates in PEM", *ca)
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return nil, fmt.Errorf("-cert, -key: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}
