package linearizability

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// A disk is the data folder of one node after another; what a killed node had not synced is lost.
type disk struct {
	t                              *testing.T
	program, built, data, syncedAt string
}

// newDisk needs what tests/crash/run sets: the program, and the folder that its build() filled.
func newDisk(t *testing.T) *disk {
	program, built := os.Getenv("WAGGLE_PROGRAM"), os.Getenv("WAGGLE_BUILT")
	if program == "" || built == "" {
		t.Skip("tests/crash/run sets WAGGLE_PROGRAM and WAGGLE_BUILT")
	}
	folder := t.TempDir()
	return &disk{t, program, built, filepath.Join(folder, "data"), filepath.Join(folder, "synced")}
}

type node struct {
	disk    *disk
	command *exec.Cmd
	url     string
}

var listening = regexp.MustCompile(`listening on (http://\S+)`)

// start returns when the node listens.
func (d *disk) start() *node {
	c := exec.Command(d.program, "serve", filepath.Join(d.built, "bank.wasm"), filepath.Join(d.built, "register.wasm"),
		"--config", filepath.Join(d.built, "waggle.toml"), "--listen", "127.0.0.1:0", "--data", d.data, "--threads", "2")
	c.Env = append(os.Environ(), "LD_PRELOAD="+filepath.Join(d.built, "keep_synced.so"), "WAGGLE_SYNCED="+d.syncedAt,
		"WAGGLE_SYNC_MS=3")
	errors, err := c.StderrPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = c.Process.Kill() })
	lines, log := bufio.NewScanner(errors), ""
	for lines.Scan() {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			go func() { _, _ = io.Copy(io.Discard, errors) }()
			return &node{d, c, found[1]}
		}
		log += lines.Text() + "\n"
	}
	d.t.Fatalf("the node ended before it listened:\n%s", log)
	return nil
}

// kill returns when the node is gone, and with it what it had not synced.
func (n *node) kill() {
	_ = n.command.Process.Kill()
	_ = n.command.Wait()
	if out, err := exec.Command("../../state/lose_unsynced", filepath.Join(n.disk.data, "state"), n.disk.syncedAt).CombinedOutput(); err != nil {
		n.disk.t.Fatalf("lose_unsynced: %v: %s", err, out)
	}
}

type outcome int

const (
	answered outcome = iota
	refused          // it failed, so it left nothing
	unknown          // whoever could have told is gone
)

type client struct {
	http http.Client
	url  string
}

func newClient(n *node) *client {
	return &client{http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}, n.url}
}

// ask reads the answer into `to`.
func (c *client) ask(path string, payload map[string]any, to any) (outcome, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return refused, err
	}
	r, err := c.http.Post(c.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return unknown, nil
	}
	defer r.Body.Close()
	all, err := io.ReadAll(r.Body)
	if err != nil {
		return unknown, nil
	}
	if r.StatusCode != http.StatusOK {
		return refused, fmt.Errorf("%s: %s", r.Status, all)
	}
	if err := json.Unmarshal(all, to); err != nil {
		return refused, fmt.Errorf("%s: %w", all, err)
	}
	return answered, nil
}
