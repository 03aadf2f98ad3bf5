package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
)

// cost is what a command took.
type cost struct {
	wall, cpu time.Duration
	rss       int64 // largest resident set of the process itself, in bytes; 0: not looked at
	said      string
}

func (c cost) plus(d cost) cost {
	return cost{wall: c.wall + d.wall, cpu: c.cpu + d.cpu, said: c.said + d.said}
}

// command is one to be measured.
type command struct {
	dir  string
	env  []string
	args []string
	rss  bool // look at its memory
}

// run runs c; its children's CPU time counts.
func (c command) run() (cost, error) {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Env = c.dir, append(os.Environ(), c.env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	peak := make(chan int64, 1)
	done := make(chan struct{})
	if c.rss {
		go func() { peak <- watchMemory(cmd.Process.Pid, done) }()
	}
	err := cmd.Wait()
	took := cost{wall: time.Since(start), said: said.String()}
	close(done)
	if c.rss {
		took.rss = <-peak
	}
	if err != nil {
		return took, fmt.Errorf("%s: %w\n%s", strings.Join(c.args, " "), err, said.String())
	}
	took.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return took, nil
}

// watchMemory reads the peak of the process's own memory until it is done.
func watchMemory(pid int, done chan struct{}) (peak int64) {
	for {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
		if _, rest, ok := strings.Cut(string(text), "VmHWM:"); err == nil && ok {
			if fields := strings.Fields(rest); len(fields) > 0 {
				if kb, err := strconv.ParseInt(fields[0], 10, 64); err == nil && kb*1024 > peak {
					peak = kb * 1024
				}
			}
		}
		select {
		case <-done:
			return peak
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// median is the middle cost by wall time.
func median(list []cost) cost {
	sort.Slice(list, func(i, j int) bool { return list[i].wall < list[j].wall })
	return list[len(list)/2]
}

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f", d.Seconds())
	}
	return fmt.Sprintf("%.1f", d.Seconds())
}

func ratio(a, b time.Duration) string {
	if b == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", float64(a)/float64(b))
}

// machine describes what is measured on.
func machine() string {
	system, _ := exec.Command("uname", "-sr").Output() // nothing depends on it
	model := "unknown CPU"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			model = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
		}
	}
	cargo, _ := exec.Command("cargo", "--version").Output()
	return fmt.Sprintf("%s, %d processors, %s, %s", model, runtime.NumCPU(), strings.TrimSpace(string(system)), strings.TrimSpace(string(cargo)))
}

func write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

func copyDir(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := exec.Command("cp", "-a", from, to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	return nil
}
