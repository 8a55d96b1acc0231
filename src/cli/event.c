/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/event.c - lines of verbs that run until somebody ends them: each is on its way before the next thing happens, and under --json
 * each is an object that says what happened and when. What an event tells besides is the verb's.
 */
#include "config.h"

#include <time.h>

#include "cli/cli.h"

int
line_end(struct cli *cli)
{
	out_text(&cli->out, "\n");
	out_flush(&cli->out);
	return keep_going(cli);
}

struct json *
event_begin(struct cli *cli, const char *event)
{
	struct json *json = &cli->json_writer;

	*json = (struct json){ .out = &cli->out };
	json_open(json, NULL, '{');
	json_number(json, "schema", 1);
	json_text(json, "event", event);
	json_time(json, "time", (int64_t)time(NULL));
	return json;
}

int
event_end(struct cli *cli)
{
	json_close(&cli->json_writer, '}');
	return line_end(cli);
}
