/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words, strings and signs. */
#include "core/policy/token.h"

#include "base/text.h"

static bool word_byte(char byte)
{
        switch (byte) {
        case '-':
        case '_':
        case '.':
        case ':':
        case '/':
        case '*':
        case '$':
        case '+':
        case '@':
                return true;
        default:
                return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z');
        }
}

static void blanks_skip(struct policy_scanner *scanner)
{
        bool comment = false;

        for (; scanner->at < scanner->end; scanner->at++) {
                char byte = *scanner->at;

                if (byte == '\n') {
                        comment = false;
                        scanner->line++;
                        scanner->line_start = scanner->at + 1;
                        continue;
                }
                comment = comment || byte == '#';
                if (!comment && byte != ' ' && byte != '\t' && byte != '\r')
                        return;
        }
}

/* Bytes up to the quote that ends the string; what follows a backslash ends nothing. */
static size_t string_length(const char *at, const char *end, bool *ret_terminated)
{
        size_t length = 0, size = (size_t)(end - at);

        while (length < size && at[length] != '"' && at[length] != '\n')
                length += at[length] == '\\' && length + 1 < size && at[length + 1] != '\n' ? 2 : 1;
        *ret_terminated = length < size && at[length] == '"';
        return length;
}

static void string_take(struct policy_scanner *scanner, struct policy_token *token)
{
        bool terminated;
        size_t length = string_length(scanner->at + 1, scanner->end, &terminated);

        if (terminated) {
                token->kind = TOKEN_STRING;
                token->bytes = scanner->at + 1;
                token->length = length;
                scanner->at += length + 2;
                return;
        }
        token->kind = TOKEN_UNTERMINATED;
        token->length = length + 1;
        scanner->at += length + 1;
}

static size_t sign_length(const char *at, const char *end)
{
        bool equals = end - at > 1 && at[1] == '=';

        switch (*at) {
        case '{':
        case '}':
        case ',':
        case '=':
                return 1;
        case '<':
        case '>':
                return equals ? 2 : 1;
        case '!':
                return equals ? 2 : 0;
        default:
                return 0;
        }
}

struct policy_token policy_token_next(struct policy_scanner *scanner)
{
        struct policy_token token = { .kind = TOKEN_END };

        blanks_skip(scanner);
        token.bytes = scanner->at;
        token.line = scanner->line;
        token.column = (uint32_t)(scanner->at - scanner->line_start) + 1;
        if (scanner->at == scanner->end)
                return token;
        if (*scanner->at == '"') {
                string_take(scanner, &token);
                return token;
        }
        token.length = sign_length(scanner->at, scanner->end);
        token.kind = token.length > 0 ? TOKEN_SIGN : TOKEN_WORD;
        if (token.length == 0)
                while (token.bytes + token.length < scanner->end &&
                       word_byte(token.bytes[token.length]))
                        token.length++;
        if (token.length == 0) {
                token.kind = TOKEN_BAD;
                token.length = 1;
        }
        scanner->at += token.length;
        return token;
}

bool policy_token_is(const struct policy_token *token, const char *word)
{
        return (token->kind == TOKEN_WORD || token->kind == TOKEN_SIGN) &&
               base_text_is(token->bytes, token->length, word);
}
