package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// process is a child that is running.
type process struct {
	command *exec.Cmd
	input   io.Closer
	lines   *json.Encoder
	answers *json.Decoder
	first   answer
}

// launch starts this program once more as a child and gives it its job. The
// process is killed when the context ends.
func launch(ctx context.Context, j job) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program, ChildName)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &process{command: command, input: input, lines: json.NewEncoder(input), answers: json.NewDecoder(output)}
	if p.first, err = p.tell(j); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", j.Role, err), p.end())
	}
	return p, nil
}

// tell sends a line and waits for the answer.
func (p *process) tell(line any) (a answer, err error) {
	if err := p.lines.Encode(line); err != nil {
		return a, err
	}
	if err := p.answers.Decode(&a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

func (p *process) order(do string) (answer, error) { return p.tell(order{Do: do}) }

// usage reads what the process has used so far.
func (p *process) usage() (usage, error) {
	a, err := p.order(doMeasure)
	return a.Usage, err
}

// end ends the process and waits until it is gone.
func (p *process) end() error {
	return errors.Join(p.input.Close(), p.command.Wait())
}
