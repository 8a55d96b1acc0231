/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe/guests.c - the loop of a server: one thread, one poll(), many connections.
 *
 * A guest is one connection. What it is about now has a deadline, and when there are too many guests the
 * lightest gives way. What is said to a guest is the server's: peer.c's and http.c's.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/local.h"

enum {
	GUESTS_MOST = 1024,
	REST_MOST = 256 << 10, /* bytes thrown away behind the last answer */
	ACCEPT_PAUSE = 50,     /* milliseconds without accept() when the system has no descriptor left */
	PATIENCE_MOST = 60000,
};

static void
remove_at(struct rmt_guests *guests, size_t at)
{
	struct rmt_guest *guest = guests->list[at];

	guests->host->clear(guest);
	close(guest->fd);
	free(guest);
	guests->count--;
	memmove(&guests->list[at], &guests->list[at + 1],
	    (guests->count - at) * sizeof(*guests->list));
}

/* Its time is over, or (`crowded`) its place is needed. */
static int
dismiss(struct rmt_guests *guests, size_t at, bool crowded)
{
	int rc = guests->host->dismiss != NULL
		     ? guests->host->dismiss(guests, guests->list[at], crowded)
		     : 0;

	remove_at(guests, at);
	return rc;
}

/* Room for one more: of the lightest guests the one that has been so for longest. */
static int
make_room(struct rmt_guests *guests)
{
	size_t chosen = 0;

	for (size_t i = 1; i < guests->count; i++) {
		const struct rmt_guest *one = guests->list[i], *best = guests->list[chosen];
		int difference = guests->host->weight(one) - guests->host->weight(best);

		if (difference < 0 || (difference == 0 && one->since < best->since))
			chosen = i;
	}
	return dismiss(guests, chosen, true);
}

void
rmt_guest_wait(struct rmt_guest *guest, unsigned milliseconds)
{
	guest->since = rmt_clock_ticks();
	guest->deadline = guest->since + milliseconds;
}

int
rmt_guest_rest(struct rmt_guest *guest)
{
	char bytes[4096];
	ssize_t got;

	while ((got = recv(guest->fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		if ((guest->rest += (size_t)got) > REST_MOST)
			return 1;
	return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : 1;
}

/* ---- the door ---- */

/* One client less for want of memory is no reason to end. */
static int
welcome(struct rmt_guests *guests, int fd, const struct sockaddr_storage *address, socklen_t length)
{
	struct rmt_guest *guest = calloc(1, guests->host->size);
	int rc;

	if (guest == NULL || rmt_listen_flags(fd) < 0) {
		free(guest);
		close(fd);
		return 0;
	}
	guest->fd = fd;
	rmt_listen_address(address, length, guest->from, sizeof(guest->from));
	if (guests->host->welcome(guests, guest) < 0) {
		free(guest);
		close(fd);
		return -1;
	}
	guests->list[guests->count++] = guest;
	rc = guests->host->step(guests, guest);
	if (rc > 0)
		remove_at(guests, guests->count - 1);
	return rc < 0 ? -1 : 0;
}

/* accept() gave nothing. Without a descriptor of ours left, room is made; without one of the system's,
 * the door stays shut for a moment. */
static int
nobody_came(struct rmt_guests *guests, int why)
{
	if (why == EMFILE && guests->count > 0)
		return make_room(guests);
	if (why == EMFILE || why == ENFILE || why == ENOBUFS || why == ENOMEM)
		guests->pause_until = rmt_clock_ticks() + ACCEPT_PAUSE;
	return 0;
}

/* Whoever waits at the door, a hundred at a time, so that those inside are not kept waiting. */
static int
let_in(struct rmt_guests *guests)
{
	for (int n = 0; n < 100 && !guests->closed; n++) {
		struct sockaddr_storage address = { 0 };
		socklen_t length = sizeof(address);
		int fd = accept(guests->listener, (struct sockaddr *)&address, &length);

		if (fd < 0)
			return nobody_came(guests, errno);
		if (guests->count == guests->most && make_room(guests) != 0) {
			close(fd);
			return -1;
		}
		if (welcome(guests, fd, &address, length) < 0)
			return -1;
	}
	return 0;
}

/* ---- the loop ---- */

static void
sooner(uint64_t *due, uint64_t when)
{
	if (when != 0 && (*due == 0 || when < *due))
		*due = when;
}

/* Milliseconds until something is due; -1 nothing is. */
static int
patience(const struct rmt_guests *guests)
{
	uint64_t now = rmt_clock_ticks(), due = guests->ends;

	for (size_t i = 0; i < guests->count; i++)
		sooner(&due, guests->list[i]->deadline);
	sooner(&due, guests->rest_at);
	if (guests->pause_until > now)
		sooner(&due, guests->pause_until);
	if (due == 0)
		return -1;
	if (due <= now)
		return 0;
	return due - now < PATIENCE_MOST ? (int)(due - now) + 1 : PATIENCE_MOST;
}

/* The guests as they stood when poll() was called; who came since waits for the next round. */
static int
serve(struct rmt_guests *guests, const struct pollfd *polls, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		struct rmt_guest *guest = guests->list[at];
		int rc = polls[i].revents != 0 ? guests->host->step(guests, guest) : 0;

		if (rc > 0)
			remove_at(guests, at);
		else if (rc == 0 && guest->deadline <= rmt_clock_ticks())
			rc = dismiss(guests, at, false);
		else
			at++;
		if (rc < 0)
			return -1;
	}
	return 0;
}

static void
rest(struct rmt_guests *guests)
{
	unsigned wanted = guests->host->rest != NULL ? guests->host->rest(guests) : 0;

	guests->rest_at = wanted != 0 ? rmt_clock_ticks() + wanted : 0;
}

/* One round: 0 go on, 1 the end, -1 a failure. */
static int
turn(struct rmt_guests *guests)
{
	bool door = !guests->closed && guests->pause_until <= rmt_clock_ticks();
	size_t count = guests->count;
	int ready;

	guests->polls[0] = (struct pollfd){ .fd = guests->stop, .events = POLLIN };
	guests->polls[1] = (struct pollfd){ .fd = door ? guests->listener : -1, .events = POLLIN };
	for (size_t i = 0; i < count; i++)
		guests->polls[i + 2] = (struct pollfd){ .fd = guests->list[i]->fd,
			.events = guests->host->events(guests->list[i]) };
	ready = poll(guests->polls, (nfds_t)count + 2, patience(guests));
	if (ready < 0)
		return errno == EINTR ? 0 : rmt_err_errno(guests->err, RMT_INTERNAL, NULL, "wait");
	if (guests->polls[0].revents != 0 ||
	    (guests->ends != 0 && guests->ends <= rmt_clock_ticks()))
		return 1;
	if (serve(guests, guests->polls + 2, count) < 0)
		return -1;
	if (guests->polls[1].revents != 0 && let_in(guests) < 0)
		return -1;
	rest(guests);
	return guests->closed && guests->count == 0 ? 1 : 0;
}

static int
prepare(struct rmt_guests *guests, const char *address, uint16_t port)
{
	if (guests->most == 0)
		guests->most = GUESTS_MOST;
	guests->listener = -1;
	guests->list = calloc(guests->most, sizeof(*guests->list));
	guests->polls = calloc(guests->most + 2, sizeof(*guests->polls));
	if (guests->list == NULL || guests->polls == NULL)
		return rmt_err_memory(guests->err);
	guests->listener = rmt_listen_open(address, port, guests->err);
	return guests->listener < 0 ? -1 : 0;
}

int
rmt_guests_run(struct rmt_guests *guests, const char *address, uint16_t port,
    int (*listening)(void *arg, const char *address), void *arg)
{
	int rc = prepare(guests, address, port);

	if (rc == 0 && guests->lasting != 0)
		guests->ends = rmt_clock_ticks() + guests->lasting;
	if (rc == 0)
		rc = rmt_listen_tell(guests->listener, listening, arg) != 0 ? -1 : 0;
	while (rc == 0)
		rc = turn(guests);
	while (guests->count > 0)
		remove_at(guests, guests->count - 1);
	if (guests->listener >= 0)
		close(guests->listener);
	free(guests->list);
	free(guests->polls);
	return rc > 0 ? 0 : rc;
}
