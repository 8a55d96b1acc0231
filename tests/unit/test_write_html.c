/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of write/: what may stand in a page, and where. */
#include "config.h"

#include "unit/test_write.h"

struct escape_row {
	const char *sentence;
	enum rmt_html_context context;
	const char *text, *expected;
};

static const struct escape_row escape_rows[] = {
	{ "plain text is kept to itself", RMT_HTML_TEXT, "CN=web.example", "<bdi>CN=web.example</bdi>" },
	{ "nothing is nothing", RMT_HTML_TEXT, "", "<bdi></bdi>" },
	{ "NULL is nothing", RMT_HTML_ATTRIBUTE, NULL, "" },
	{ "an element is text", RMT_HTML_TEXT, "<script>alert(1)</script>", "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" },
	{ "an isolate cannot be ended", RMT_HTML_TEXT, "</bdi><b>", "<bdi>&lt;/bdi&gt;&lt;b&gt;</bdi>" },
	{ "an entity is its letters", RMT_HTML_TEXT, "&lt;b&gt; &amp", "<bdi>&amp;lt;b&amp;gt; &amp;amp</bdi>" },
	{ "a comment begins nowhere", RMT_HTML_TEXT, "<!-- --> ]]>", "<bdi>&lt;!-- --&gt; ]]&gt;</bdi>" },
	{ "double quotes do not end an attribute", RMT_HTML_ATTRIBUTE, "\" onload=\"x", "&quot; onload=&quot;x" },
	{ "nor do single ones", RMT_HTML_ATTRIBUTE, "' onload='x", "&#39; onload=&#39;x" },
	{ "a change of direction is shown", RMT_HTML_TEXT, "\xe2\x80\xaegnp.exe", "<bdi>\\u{202e}gnp.exe</bdi>" },
	{ "an isolate of Unicode is shown", RMT_HTML_ATTRIBUTE, "\xe2\x81\xa6x", "\\u{2066}x" },
	{ "control characters are shown", RMT_HTML_TEXT, "a\033[2J\r\n\tb\x7f", "<bdi>a\\x1b[2J\\x0d\\x0a\\x09b\\x7f</bdi>" },
	{ "bytes that are no UTF-8 are shown", RMT_HTML_TEXT, "\xff\xc0\xbc<", "<bdi>\\xff\\xc0\\xbc&lt;</bdi>" },
	{ "other letters stay", RMT_HTML_TEXT, "M\xc3\xbcller \xd7\xa9", "<bdi>M\xc3\xbcller \xd7\xa9</bdi>" },
	{ "a place is letters and digits", RMT_HTML_ID, "09afAZ", "x09afAZ" },
	{ "anything else in it is its code", RMT_HTML_ID, "a\" b-<", "xa-22-20b-2d-3c" },
};

static void
check_escape(void **state)
{
	const struct escape_row *row = *state;
	struct rmt_buf out = { 0 };

	rmt_html_put(row->context, row->text, &out);
	assert_string_equal(rmt_buf_string(&out), row->expected);
	rmt_buf_free(&out);
}

/* Whatever byte stands in a text, none that means something in HTML comes out of it. */
static void
every_byte(void **state)
{
	(void)state;
	for (int context = RMT_HTML_TEXT; context <= RMT_HTML_ID; context++)
		for (int byte = 1; byte < 256; byte++) {
			const char text[] = { (char)byte, 0 };
			struct rmt_buf out = { 0 };
			const char *inside;

			rmt_html_put((enum rmt_html_context)context, text, &out);
			inside = rmt_buf_string(&out) + (context == RMT_HTML_TEXT ? strlen("<bdi>") : 0);
			assert_true(*inside && *inside != '<');
			for (size_t i = 0; inside[i] && inside[i] != '<'; i++)
				assert_true((unsigned char)inside[i] >= 0x20 && (unsigned char)inside[i] < 0x7f && !strchr("<>\"'", inside[i]));
			rmt_buf_free(&out);
		}
}

struct bar_row {
	const char *sentence;
	struct rmt_html_part parts[3];
	const char *expected; /* in it */
};

static const struct bar_row bar_rows[] = {
	{ "parts that do not divide evenly fill the whole", { { "one", 1 }, { "two", 1 }, { "three", 1 } },
	  "x=\"0\" width=\"333\" height=\"20\"><title>1 one</title></rect><rect class=\"two\" x=\"333\" width=\"333\" height=\"20\">"
	  "<title>1 two</title></rect><rect class=\"three\" x=\"666\" width=\"334\"" },
	{ "an empty part is left out", { { "one", 0 }, { "two", 5 }, { "three", 0 } },
	  "aria-label=\"5 two\"><rect class=\"rest\" width=\"1000\" height=\"20\"/><rect class=\"two\" x=\"0\" width=\"1000\" height=\"20\">"
	  "<title>5 two</title></rect></svg>" },
	{ "of nothing there is no part", { { "one", 0 }, { "two", 0 }, { "three", 0 } },
	  "aria-label=\"\"><rect class=\"rest\" width=\"1000\" height=\"20\"/></svg>" },
};

static void
check_bar(void **state)
{
	const struct bar_row *row = *state;
	struct rmt_buf out = { 0 };

	rmt_html_bar(row->parts, 3, &out);
	if (!strstr(rmt_buf_string(&out), row->expected))
		fail_msg("%s", rmt_buf_string(&out));
	rmt_buf_free(&out);
}

/* The style sheet is inside its element and needs no other file. */
static void
style(void **state)
{
	struct rmt_buf out = { 0 };

	(void)state;
	assert_int_equal(rmt_html_begin("a </title><script>", &out, NULL), 0);
	assert_int_equal(rmt_html_end(&out, NULL), 0);
	assert_non_null(strstr(rmt_buf_string(&out), "<title>a &lt;/title&gt;&lt;script&gt;</title>"));
	assert_null(strstr(rmt_html_style, "<"));
	assert_null(strstr(rmt_html_style, "url("));
	assert_null(strstr(rmt_html_style, "@import"));
	rmt_buf_free(&out);
}

void
test_write_html(struct rows *rows)
{
	ADD_TABLE(rows, escape_rows, check_escape);
	ADD_TABLE(rows, bar_rows, check_bar);
	add_row(rows, "no byte means anything in a page", every_byte, NULL);
	add_row(rows, "head and style hold nothing from outside", style, NULL);
}
