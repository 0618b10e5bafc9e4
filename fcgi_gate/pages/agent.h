/* SPDX-License-Identifier: MIT */
#ifndef GATE_AGENT_H
#define GATE_AGENT_H

#define GATE_AGENT_WORDS_SIZE 64

/* What a session was opened with, in words: "Firefox on Linux". What calls
 * itself nothing we know is "Unknown browser". */
void gate_agent_name(const char *channel, const char *agent,
	char ret_words[GATE_AGENT_WORDS_SIZE]);

#endif
