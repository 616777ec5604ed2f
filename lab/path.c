/* A line between two network namespaces: rate, delay, loss and queue, in a program of our own.
 *
 * Each end is a TUN device in its namespace. What enters one end waits in a drop-tail queue for its
 * turn on the line, passes the line, travels for the delay, and leaves at the other end. Both
 * directions are alike. Rates and sizes count IP packets.
 *
 * usage: path NS_A NS_B DEVICE   with states on standard input, one a line, until it is closed:
 *        SECONDS RATE_BITS DELAY_NANOSECONDS LOSS QUEUE_BYTES BURST_BYTES PEAK_BITS
 * A state with SECONDS 0 is in force at once, ends every plan made before, and starts the clock by
 * which those after it take their turns. RATE 0 is no limit. "ready" on standard output when the
 * devices are there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { MTU = 1500, BATCH = 64, STATES = 256 };

#define SECOND 1000000000LL
#define NAP 50000      /* ns; what is due within them comes out together, as from a network card */
#define LATE 10000000  /* ns; this program may be held up so long by a busy machine: see serve() */

struct state { int64_t at; double rate, peak, loss, burst; int64_t delay, queue; };

struct packet {
    struct packet *next;
    int64_t came, arrives;
    int size;
    unsigned char data[MTU];
};

struct fifo { struct packet *first, *last; };

/* One direction. */
struct lane {
    int in, out;
    struct fifo waiting, travelling;
    int64_t queued;      /* bytes waiting */
    int64_t line_free;   /* when the last packet that was served has left the line */
    int64_t seen_empty;  /* when there was last nothing to read */
    double tokens;
    int64_t filled;
};

static struct state plan[STATES];
static int states, current;
static int64_t clock_zero;
static struct lane lanes[2];
static struct packet *unused; /* last in, first out: what is reused is still in the cache */

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static void die(const char *what) { perror(what); exit(1); }

static int tun_in(const char *namespace, const char *device) {
    char file[256];
    snprintf(file, sizeof file, "/run/netns/%s", namespace);
    int ns = open(file, O_RDONLY | O_CLOEXEC);
    if (ns < 0 || setns(ns, CLONE_NEWNET)) die(file);
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, device, IFNAMSIZ - 1);
    if (tun < 0 || ioctl(tun, TUNSETIFF, &request)) die("/dev/net/tun");
    close(ns);
    return tun;
}

static struct packet *fresh(void) {
    struct packet *p = unused;
    if (p) unused = p->next;
    else if (!(p = malloc(sizeof *p))) die("path");
    return p;
}

static void discard(struct packet *p) { p->next = unused; unused = p; }

static void append(struct fifo *fifo, struct packet *p) {
    p->next = NULL;
    if (fifo->first) fifo->last->next = p;
    else fifo->first = p;
    fifo->last = p;
}

static struct packet *pop(struct fifo *fifo) {
    struct packet *p = fifo->first;
    fifo->first = p->next;
    return p;
}

/* How long a packet takes on the line: by the peak rate while tokens are saved up for it, else until
 * they are. */
static int64_t line_time(struct lane *lane, const struct state *s, int size, int64_t start) {
    if (s->rate <= 0) return 0;
    if (s->burst <= 0) return (int64_t)(size * 8e9 / s->rate);
    if (start > lane->filled) {
        lane->tokens += (start - lane->filled) * s->rate / 8e9;
        if (lane->tokens > s->burst) lane->tokens = s->burst;
        lane->filled = start;
    }
    int64_t wait = 0;
    if (lane->tokens < size) {
        wait = (int64_t)((size - lane->tokens) * 8e9 / s->rate);
        lane->tokens = size;
        lane->filled = start + wait;
    }
    lane->tokens -= size;
    int64_t at_peak = s->peak > 0 ? (int64_t)(size * 8e9 / s->peak) : 0;
    return wait > at_peak ? wait : at_peak;
}

/* Put on the line what has had its turn by now.
 *
 * A packet that came to an idle line starts when it came. But if the line was busy when this program
 * last looked for packets and it then was held up, the packet has likely been there in time: the line
 * would not have been idle, so it goes on without a gap. */
static void serve(struct lane *lane, const struct state *s, int64_t t) {
    while (lane->waiting.first && lane->line_free <= t) {
        struct packet *p = pop(&lane->waiting);
        int64_t start = p->came > lane->line_free ? p->came : lane->line_free;
        lane->line_free = start + line_time(lane, s, p->size, start);
        lane->queued -= p->size;
        int64_t arrives = lane->line_free + s->delay;
        if (lane->travelling.first && lane->travelling.last->arrives > arrives)
            arrives = lane->travelling.last->arrives; /* a shorter delay overtakes nobody */
        p->arrives = arrives;
        append(&lane->travelling, p);
    }
}

static void take(struct lane *lane, const struct state *s, int64_t t) {
    int held_up = lane->line_free > lane->seen_empty && t - lane->line_free < LATE;
    int64_t came = held_up && lane->line_free < t ? lane->line_free : t;
    for (int i = 0; i < BATCH; i++) {
        struct packet *p = fresh();
        p->size = read(lane->in, p->data, sizeof p->data);
        if (p->size <= 0) {
            lane->seen_empty = t;
            discard(p);
            return;
        }
        if ((s->loss > 0 && drand48() < s->loss) || lane->queued + p->size > s->queue) {
            discard(p);
            continue;
        }
        p->came = came;
        lane->queued += p->size;
        append(&lane->waiting, p);
        serve(lane, s, t);
    }
}

static void give(struct lane *lane, int64_t t) {
    while (lane->travelling.first && lane->travelling.first->arrives <= t) {
        struct packet *p = lane->travelling.first;
        if (write(lane->out, p->data, p->size) < 0 && errno == EAGAIN) return;
        discard(pop(&lane->travelling));
    }
}

static int64_t next_due(const struct lane *lane, const struct state *s, int64_t t) {
    int64_t due = INT64_MAX;
    if (lane->travelling.first) due = lane->travelling.first->arrives;
    if (lane->waiting.first && lane->line_free + s->delay < due) due = lane->line_free + s->delay;
    if (lane->line_free > t && lane->line_free < due) due = lane->line_free; /* to see it empty */
    return due;
}

static void add_state(const char *line, int64_t t) {
    struct state s;
    double seconds, delay, queue;
    if (sscanf(line, "%lf %lf %lf %lf %lf %lf %lf", &seconds, &s.rate, &delay, &s.loss, &queue,
               &s.burst, &s.peak) != 7 || (seconds > 0 && (!states || states == STATES))) {
        fprintf(stderr, "path: can't use the state %s\n", line);
        exit(2);
    }
    s.delay = (int64_t)delay;
    s.queue = (int64_t)queue;
    if (seconds <= 0) {
        states = current = 0;
        clock_zero = t;
        for (int i = 0; i < 2; i++) {
            lanes[i].tokens = s.burst;
            lanes[i].filled = t;
        }
    }
    s.at = clock_zero + (int64_t)(seconds * SECOND);
    plan[states++] = s;
}

/* False when standard input has been closed. */
static int listen_for_states(int64_t t) {
    static char heard[4096];
    static size_t length;
    ssize_t size = read(STDIN_FILENO, heard + length, sizeof heard - 1 - length);
    if (size <= 0) return 0;
    heard[length += size] = 0;
    char *line = heard, *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        add_state(line, t);
    }
    length = strlen(line);
    memmove(heard, line, length + 1);
    return 1;
}

static const struct state *in_force(int64_t t) {
    while (current + 1 < states && plan[current + 1].at <= t) {
        for (int i = 0; i < 2; i++) serve(&lanes[i], &plan[current], plan[current + 1].at);
        current++;
    }
    return &plan[current];
}

int main(int argc, char **argv) {
    if (argc != 4) { fprintf(stderr, "usage: path NS_A NS_B DEVICE\n"); return 2; }
    setpriority(PRIO_PROCESS, 0, -20);
    prctl(PR_SET_TIMERSLACK, 1);
    int a = tun_in(argv[1], argv[3]), b = tun_in(argv[2], argv[3]);
    lanes[0] = (struct lane){.in = a, .out = b};
    lanes[1] = (struct lane){.in = b, .out = a};
    puts("ready");
    fflush(stdout);
    if (!listen_for_states(now()) || !states) return 2;
    struct pollfd ready[3] = {{a, POLLIN, 0}, {b, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    unsigned naps = 0;
    for (;;) {
        int64_t t = now(), due = INT64_MAX;
        const struct state *s = in_force(t);
        for (int i = 0; i < 2; i++) {
            take(&lanes[i], s, t);
            serve(&lanes[i], s, t);
            give(&lanes[i], t);
            int64_t next = next_due(&lanes[i], s, t);
            if (next < due) due = next;
        }
        if (current + 1 < states && plan[current + 1].at < due) due = plan[current + 1].at;
        t = now();
        int64_t rest = due - t;
        if (rest < NAP && ++naps % 256) {
            if (rest > 0) nanosleep(&(struct timespec){0, NAP}, NULL);
            continue;
        }
        if (rest < 0) rest = 0;
        struct timespec wait = {rest / SECOND, rest % SECOND};
        if (ppoll(ready, 3, due == INT64_MAX ? NULL : &wait, NULL) < 0 && errno != EINTR) die("path");
        if ((ready[0].revents | ready[1].revents) & POLLERR) return 0;
        if (ready[2].revents && !listen_for_states(now())) return 0;
    }
}
