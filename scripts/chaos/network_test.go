//go:build chaos && linux

package chaos

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// nodePort is every node's port where each has an address of its own.
const nodePort = "3000"

// network is what the nodes of a scenario are joined by: a namespace for each on one bridge or, where that can't be, loopback.
type network struct {
	t *testing.T
	// subnet keeps the addresses of a scenario apart from those of the last one, which the kernel takes back when it likes.
	subnet   int
	isolated bool
	// holders are processes that do nothing but hold a node's namespace, by node.
	holders map[string]*exec.Cmd
	ips     map[string]string
}

func newNetwork(t *testing.T, subnet int) *network {
	t.Helper()
	return &network{
		t: t, subnet: subnet, isolated: os.Getenv(insideVariable) != "",
		holders: map[string]*exec.Cmd{}, ips: map[string]string{},
	}
}

// host is the IP address at which nodes reach the test process.
func (n *network) host() string {
	if n.isolated {
		return hostIP
	}
	return "127.0.0.1"
}

// join gives the node a place in the network and returns its address.
func (n *network) join(id string) (address string) {
	n.t.Helper()
	if !n.isolated {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			n.t.Fatal(err)
		}
		defer listener.Close()
		return listener.Addr().String()
	}
	number := len(n.holders) + 1
	ip := fmt.Sprintf("10.111.%d.%d", n.subnet, number)
	link := fmt.Sprintf("v%dn%d", n.subnet, number)
	pid := strconv.Itoa(n.hold(id))
	inside := "nsenter --net=/proc/" + pid + "/ns/net ip "
	err := run(
		"ip link add "+link+" type veth peer name eth0 netns "+pid,
		"ip link set "+link+" master "+bridge+" up",
		inside+"link set lo up",
		inside+"address add "+ip+"/16 dev eth0",
		inside+"link set eth0 up",
	)
	if err != nil {
		n.t.Fatalf("join %s to the network: %v", id, err)
	}
	n.ips[id] = ip
	return net.JoinHostPort(ip, nodePort)
}

// hold starts the process that holds the node's namespace.
func (n *network) hold(id string) (pid int) {
	n.t.Helper()
	holder := exec.Command("sleep", "infinity")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		n.t.Fatalf("make a namespace for %s: %v", id, err)
	}
	n.t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	n.holders[id] = holder
	return holder.Process.Pid
}

// command is a command at the node's place in the network.
func (n *network) command(id, program string, args ...string) *exec.Cmd {
	holder := n.holders[id]
	if holder == nil {
		return exec.Command(program, args...)
	}
	enter := []string{"--net=/proc/" + strconv.Itoa(holder.Process.Pid) + "/ns/net", "--", program}
	return exec.Command("nsenter", append(enter, args...)...)
}

// drop makes the node at lose every packet that comes from the other node. Clients and upstreams are not touched.
func (n *network) drop(at, from string) {
	n.t.Helper()
	n.filter(at, "-A", "INPUT", "-s", n.ips[from], "-j", "DROP")
}

// cut makes two nodes lose all of each other's packets.
func (n *network) cut(a, b string) {
	n.t.Helper()
	n.drop(a, b)
	n.drop(b, a)
}

// heal ends all drops.
func (n *network) heal() {
	n.t.Helper()
	for id := range n.ips {
		n.filter(id, "-F", "INPUT")
	}
}

func (n *network) filter(id string, args ...string) {
	n.t.Helper()
	if out, err := n.command(id, "iptables", append([]string{"-w"}, args...)...).CombinedOutput(); err != nil {
		n.t.Fatalf("iptables %v at %s: %v: %s", args, id, err, out)
	}
}
