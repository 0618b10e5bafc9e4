/* SPDX-License-Identifier: MIT */
/*
 * Calls that cannot be used safely become compile errors. Included last, by
 * every .c file (the lint sees to it), never by a header.
 */
#ifndef STAUTH_BANNED_H
#define STAUTH_BANNED_H

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf stpcpy
#pragma GCC poison strtok strtok_r gets atoi atol atoll
#pragma GCC poison gmtime localtime ctime asctime mktemp tmpnam
#pragma GCC poison rand srand srandom system popen bzero

#endif
