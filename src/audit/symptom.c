/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/symptom.c - looks a pasted error up among incidents: a code, a log line or a message against what is known, and
 * how specifically they agree. Knows neither files nor what the incidents say; nothing here judges a certificate.
 *
 * Text is taken apart into words: letters in lower case and without accents, digits, everything else parts words. A
 * symptom agrees when its words stand in the text in a row (numbers and what looks like a host, a file or a value may
 * stand between; "*" in a symptom is any few words), when the whole text is a part of the symptom, when more than half
 * of it stands there in a row, or, weakest, when most of its words are there or a name such as a cmdlet's. A code agrees
 * by value in any notation (hexadecimal, decimal, negative), or as "WORD NUMBER" with both close together.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"

enum {
	TEXT_MOST = 65536, /* bytes of a pasted text that count */
	WORDS_MOST = 4096, /* words of it */
	PATTERN_MOST = 64, /* words of a symptom */
	WORD_MOST = 40,    /* bytes of a word, with NUL */
	GAP_MOST = 12,     /* words that a "*" or a run of variable ones may take */
	NEAR = 4,          /* words between the two parts of "alert 40" */
	NAME_LEAST = 8,    /* letters of a name that says enough by itself */
	NAME_SCORE = 14,
	EVENT_DIGITS = 5, /* digits of a number that says enough by itself, such as that of an event */
};

struct word {
	char text[WORD_MOST];
	size_t length;
	bool variable; /* a number, or a part of a host, file or value: may stand between the words of a symptom */
	bool any;      /* the "*" of a symptom */
	bool name;     /* of a piece that is nobody's everyday word: Test-CsPhoneBootstrap, SSL_CTX_new */
	bool joined;   /* to the word before: of the same piece */
	bool negative; /* a number behind a minus */
};

struct rmt_symptom_text {
	struct word *words;
	size_t count;
};

/* ---- words -------------------------------------------------------------------------------------------------- */

/* U+00C0 to U+00FF without their accents; a space parts words. */
static const char *const latin[64] = { "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
	"d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u", "u", "y", "th", "ss", "a", "a", "a", "a", "a", "a",
	"ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n", "o", "o", "o", "o", "o", " ", "o", "u", "u", "u",
	"u", "y", "th", "y" };

/* What one character is for the search; returns how many bytes it took. "" parts words. */
static size_t
fold(const unsigned char *at, size_t left, char out[4])
{
	unsigned char lead = at[0];

	memset(out, 0, 4);
	if (lead < 0x80) {
		if ((lead >= 'a' && lead <= 'z') || (lead >= '0' && lead <= '9'))
			out[0] = (char)lead;
		else if (lead >= 'A' && lead <= 'Z')
			out[0] = (char)(lead - 'A' + 'a');
		return 1;
	}
	if (lead == 0xC3 && left > 1 && (at[1] & 0xC0) == 0x80) {
		memcpy(out, latin[at[1] & 0x3F], strlen(latin[at[1] & 0x3F]));
		out[0] = out[0] == ' ' ? '\0' : out[0];
		return 2;
	}
	if (lead == 0xC5 && left > 1 && (at[1] == 0x92 || at[1] == 0x93)) {
		memcpy(out, "oe", 2);
		return 2;
	}
	if (left > 1 && (at[1] & 0xC0) == 0x80) { /* other UTF-8: punctuation and spaces, mostly */
		size_t taken = 1;

		while (taken < left && taken < 4 && (at[taken] & 0xC0) == 0x80)
			taken++;
		return taken;
	}
	if (lead >= 0xC0) { /* a console's Latin-1 */
		memcpy(out, latin[lead & 0x3F], strlen(latin[lead & 0x3F]));
		out[0] = out[0] == ' ' ? '\0' : out[0];
	}
	return 1;
}

static bool
is_space(unsigned char byte)
{
	return byte <= ' ';
}

static bool
is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* A piece between spaces that names something of the reporter's own: a host, an address, a path, a value. */
static bool
is_variable(const unsigned char *piece, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (piece[i] == '/' || piece[i] == '\\' || piece[i] == '@' || piece[i] == '=')
			return true;
		if (piece[i] == '.' && i > 0 && i + 1 < length && piece[i + 1] > ' ' && piece[i - 1] != '.')
			return true;
	}
	return false;
}

/* A piece that only programs write: with a capital inside a word, or an underscore between two. */
static bool
is_name(const unsigned char *piece, size_t length)
{
	for (size_t i = 1; i + 1 < length; i++)
		if ((piece[i] == '_' && piece[i - 1] != '_') ||
		    (piece[i - 1] >= 'a' && piece[i - 1] <= 'z' && piece[i] >= 'A' && piece[i] <= 'Z'))
			return true;
	return false;
}

static size_t
take_word(const unsigned char *text, size_t left, struct word *word)
{
	size_t at = 0;
	char folded[4];

	memset(word, 0, sizeof(*word));
	while (at < left) {
		size_t taken = fold(text + at, left - at, folded);

		if (folded[0] == '\0')
			break;
		for (const char *byte = folded; *byte != '\0'; byte++)
			if (word->length + 1 < WORD_MOST)
				word->text[word->length++] = *byte;
		at += taken;
	}
	return at;
}

/* At most `most` words of a text. `pattern`: a "*" is a word of its own. */
static size_t
take_words(const char *string, bool pattern, struct word *words, size_t most)
{
	const unsigned char *text = (const unsigned char *)string;
	size_t length = strnlen(string, TEXT_MOST), at = 0, count = 0, piece = 0;
	bool variable = false, name = false, joined = false;
	char folded[4];

	while (at < length && count < most) {
		size_t taken;

		if (at >= piece && !is_space(text[at])) {
			for (piece = at; piece < length && !is_space(text[piece]);)
				piece++;
			variable = is_variable(text + at, piece - at);
			name = !variable && is_name(text + at, piece - at);
			joined = false;
		}
		taken = take_word(text + at, length - at, &words[count]);
		if (taken > 0) {
			words[count].variable = variable || is_digits(words[count].text);
			words[count].negative = at > 0 && text[at - 1] == '-' && (at == 1 || is_space(text[at - 2]) ||
			    strchr("(:=,[", text[at - 2]) != NULL);
			words[count].name = name;
			words[count].joined = joined;
			joined = true;
			count++;
		} else if (pattern && text[at] == '*') {
			words[count++] = (struct word){ .any = true };
			taken = 1;
		}
		at += taken > 0 ? taken : fold(text + at, length - at, folded);
	}
	return count;
}

struct rmt_symptom_text *
rmt_symptom_text_new(const char *text, struct rmt_err *err)
{
	struct rmt_symptom_text *taken = calloc(1, sizeof(*taken));

	if (taken == NULL || (taken->words = calloc(WORDS_MOST, sizeof(*taken->words))) == NULL) {
		free(taken);
		rmt_err_memory(err);
		return NULL;
	}
	taken->count = take_words(text, false, taken->words, WORDS_MOST);
	return taken;
}

void
rmt_symptom_text_free(struct rmt_symptom_text *text)
{
	if (text == NULL)
		return;
	free(text->words);
	free(text);
}

static bool
same_word(const struct word *a, const struct word *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static unsigned
letters(const struct word *words, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += (unsigned)words[i].length;
	return sum;
}

/* ---- symptoms: words in a row --------------------------------------------------------------------------------- */

/* Does the pattern stand in the text from `from` on? */
static bool
stands_at(const struct rmt_symptom_text *text, size_t from, const struct word *pattern, size_t count)
{
	size_t gap = 0, allowed = 0, i = 0;

	for (size_t at = from; at < text->count && i < count;) {
		if (pattern[i].any) {
			allowed = GAP_MOST;
			i++;
		} else if (same_word(&text->words[at], &pattern[i])) {
			gap = allowed = 0;
			at++;
			i++;
		} else if (i > 0 && gap < GAP_MOST && (allowed > 0 || text->words[at].variable)) {
			gap++;
			allowed -= allowed > 0;
			at++;
		} else {
			return false;
		}
	}
	while (i < count && pattern[i].any)
		i++;
	return i == count;
}

/* The whole text as a part of the pattern. */
static bool
part_of(const struct rmt_symptom_text *text, const struct word *pattern, size_t count)
{
	for (size_t from = 0; text->count > 0 && from + text->count <= count; from++) {
		size_t i = 0;

		while (i < text->count && same_word(&text->words[i], &pattern[from + i]))
			i++;
		if (i == text->count)
			return true;
	}
	return false;
}

/* Letters of the pattern's words that are anywhere in the text. */
static unsigned
common(const struct rmt_symptom_text *text, const struct word *pattern, size_t count)
{
	unsigned sum = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t at = 0; at < text->count; at++)
			if (same_word(&text->words[at], &pattern[i])) {
				sum += (unsigned)pattern[i].length;
				break;
			}
	return sum;
}

/* Letters of the longest row of the pattern's words that stands in the text. */
static unsigned
longest_row(const struct rmt_symptom_text *text, const struct word *pattern, size_t count)
{
	unsigned best = 0;

	for (size_t from = 0; from < count; from++)
		for (size_t at = 0; at < text->count; at++) {
			size_t i = 0;

			while (from + i < count && at + i < text->count && same_word(&text->words[at + i], &pattern[from + i]))
				i++;
			if (letters(pattern + from, i) > best)
				best = letters(pattern + from, i);
		}
	return best;
}

/* Letters of the longest name in the pattern that stands in the text. */
static unsigned
longest_name(const struct rmt_symptom_text *text, const struct word *pattern, size_t count)
{
	unsigned best = 0;
	size_t length;

	for (size_t from = 0; from < count; from += length) {
		for (length = 1; from + length < count && pattern[from + length].joined;)
			length++;
		if (!pattern[from].name || letters(pattern + from, length) <= best)
			continue;
		if (longest_row(text, pattern + from, length) == letters(pattern + from, length))
			best = letters(pattern + from, length);
	}
	return best;
}

static unsigned
symptom_score(const struct rmt_symptom_text *text, const char *symptom)
{
	struct word pattern[PATTERN_MOST];
	size_t count = take_words(symptom, true, pattern, PATTERN_MOST);
	unsigned whole = letters(pattern, count), some;

	if (count == 0)
		return 0;
	for (size_t from = 0; from < text->count; from++)
		if (stands_at(text, from, pattern, count))
			return 10 + 2 * whole;
	some = letters(text->words, text->count);
	if (some >= 6 && (text->count > 1 || 3 * some >= whole) && part_of(text, pattern, count))
		return 4 + 2 * some * some / whole;
	some = longest_row(text, pattern, count);
	if (some >= 12 && 2 * some >= whole)
		return some * some / whole;
	some = common(text, pattern, count);
	some = count >= 4 && 4 * some >= 3 * whole ? some / 2 : 0;
	return some < NAME_SCORE && longest_name(text, pattern, count) >= NAME_LEAST ? NAME_SCORE : some;
}

/* ---- codes ------------------------------------------------------------------------------------------------------ */

/* A code of 32 bits: "0x80090331", "80090331", "2148074289", and a minus before. At least five digits. */
static bool
number_in(const struct word *word, int base, uint32_t *number)
{
	const char *digits = word->text;
	unsigned long long value;
	char *end;

	if (base == 16 && strncmp(digits, "0x", 2) == 0)
		digits += 2;
	else if (base == 16 && word->length != 8)
		return false;
	if (strlen(digits) < 5 || strlen(digits) > 10)
		return false;
	value = strtoull(digits, &end, base);
	if (*end != '\0' || value > UINT32_MAX)
		return false;
	*number = word->negative ? (uint32_t)(0 - value) : (uint32_t)value;
	return true;
}

static bool
has_number(const struct rmt_symptom_text *text, uint32_t wanted)
{
	uint32_t number;

	for (size_t at = 0; at < text->count; at++)
		if ((number_in(&text->words[at], 16, &number) && number == wanted) ||
		    (number_in(&text->words[at], 10, &number) && number == wanted))
			return true;
	return false;
}

/* "alert 40": both words, close to each other, in either order. */
static bool
near_each_other(const struct rmt_symptom_text *text, const struct word *name, const struct word *number)
{
	for (size_t at = 0; at < text->count; at++) {
		if (!same_word(&text->words[at], number))
			continue;
		for (size_t other = at > NEAR ? at - NEAR : 0; other < text->count && other <= at + NEAR; other++)
			if (same_word(&text->words[other], name))
				return true;
	}
	return false;
}

static unsigned
code_score(const struct rmt_symptom_text *text, const char *code)
{
	struct word pattern[PATTERN_MOST];
	size_t count = take_words(code, false, pattern, PATTERN_MOST);
	unsigned digits;
	uint32_t number;

	if (count == 1 && (strncmp(pattern[0].text, "0x", 2) == 0 || pattern[0].length > 8) &&
	    number_in(&pattern[0], strncmp(pattern[0].text, "0x", 2) == 0 ? 16 : 10, &number))
		return has_number(text, number) ? 60 : 0;
	if (count == 2 && is_digits(pattern[1].text) && !is_digits(pattern[0].text)) {
		digits = (unsigned)pattern[1].length;
		if (digits >= EVENT_DIGITS) /* who writes the number need not write the word, and gains nothing by it */
			return common(text, &pattern[1], 1) > 0 ? 8 + 2 * digits : 0;
		if (near_each_other(text, &pattern[0], &pattern[1]))
			return 14 + 6 * digits;
		return text->count == 1 && same_word(&text->words[0], &pattern[1]) ? 8 + 2 * digits : 0;
	}
	if (count == 1 && is_digits(pattern[0].text))
		return common(text, pattern, 1) > 0 ? 6 + (pattern[0].length < EVENT_DIGITS ? 4 : 6) * (unsigned)pattern[0].length : 0;
	return symptom_score(text, code);
}

/* ---- an incident -------------------------------------------------------------------------------------------------- */

unsigned
rmt_symptom_score(const struct rmt_symptom_text *text, const struct rmt_incident *incident,
    const struct rmt_text_list *stack)
{
	unsigned best = 0, best_code = 0, score;

	for (size_t i = 0; i < incident->symptoms.count; i++)
		if ((score = symptom_score(text, incident->symptoms.items[i])) > best)
			best = score;
	for (size_t i = 0; i < incident->codes.count; i++)
		if ((score = code_score(text, incident->codes.items[i])) > best_code)
			best_code = score;
	if (best + best_code < 12)
		return 0;
	for (size_t i = 0; stack != NULL && i < stack->count; i++) {
		struct word name[PATTERN_MOST];
		size_t count = take_words(stack->items[i], false, name, PATTERN_MOST);

		if (count > 0 && common(text, name, count) == letters(name, count))
			return best + best_code + 12;
	}
	return best + best_code;
}
