/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "fixture.h"

#include "auth/import.h"

#include "base/banned.h"

#define HOME         "192.0.2.1"
#define OLD_PASSWORD "rusty lantern orbit plum" /* of OLD_GOOD */

/* What st-auth-simple's aes256cbcExtended makes of these with ENC_PASSWORD
 * 'OldSecretOfThisSiteNobodyKnows32' and ENC_NONCE 'nonsensical'. */
#define OLD_GOOD                                                               \
	"Oq1yDq4aQo7nNiC73SQPbzFBDeroiMT4jidi1Eb4ututwLtAuPFULm8Vw_1Lw-ng"
#define OLD_WEAK "SkgK-Qk2hI96kc9yPiuYVw==" /* abc */
#define OLD_COMMON                                                             \
	"O6g9PSp7SuBTPHSvklmf2zzNfo7MioEvSsPFm4wlP50=" /* password1234 */
#define OLD_OWN                                                                \
	"VeJVpfI_GUGxpTNK1j3wcFlNz2AombC4WswOZw1oeqI=" /* alice.smith          \
							*/
/* OLD_PASSWORD with the sample's ENC_PASSWORD. */
#define SAMPLE_GOOD                                                            \
	"dfA0gyNKVQZu4x6YK-jRwUXhP-8JwlDoVgW3_cUhsqWGt4RDq0cPbLQo3KqKxkee"
#define OLD_EMPTY   "UBSseukq_2AxMGMWgOD6Yg=="
#define OLD_NEWLINE "IeXpuFYtz7USe3xSTJANAqQhOf1XU7aPlgBrrcoBMGY="
#define OLD_UMLAUT  "KMk_JBelMi__nviA4s9dCr52IFmz-pRUq9ZSPG-l5Ug="
#define PLAIN_UMLAUT                                                           \
	"\xc3\x9c"                                                             \
	"berpasswort 42"
/* 'env file password' with 'other-secret' and no nonce. */
#define OLD_ENV "BpJcuXo445aAVzzRNmqZzKsmm48C7BQCRps_Rz2PaKE="

static void old_file(struct fixture *f, const char *name, const char *rows)
{
	char path[128];
	sqlite3 *db = NULL;
	char *why = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
			"CREATE TABLE USERS (id INTEGER PRIMARY KEY, username "
			"UNIQUE ON CONFLICT REPLACE, password, su INTEGER, "
			"auth_token, expires_at)",
			NULL, NULL, &why),
		SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, rows, NULL, NULL, &why), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static enum stauth_rc import(struct fixture *f, const char *name, bool dry_run,
	struct stauth_import_count *count, struct stauth_err *err)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return stauth_import_st_auth_simple(&f->ctx, path,
		&(struct stauth_import_run){&fixture_actor, dry_run}, count,
		err);
}

static void assert_count(const struct stauth_import_count *count, size_t added,
	size_t existing, size_t skipped)
{
	assert_int_equal(count->added, added);
	assert_int_equal(count->existing, existing);
	assert_int_equal(count->skipped, skipped);
}

static enum stauth_verdict try_it(
	struct fixture *f, const char *name, const char *password)
{
	struct stauth_login login;

	return fixture_try(f, &login, name, password, HOME, NULL);
}

static void k1_passwords_are_read_once_and_hashed_again(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_account account;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES"
		"(1,'Alice@Example.com','" OLD_GOOD "',1,'t','x'),"
		"(2,'bob','" OLD_WEAK "',0,NULL,NULL),"
		"(3,'carl','" OLD_UMLAUT "','0','t','x')");
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 3, 0, 0);
	assert_int_equal(
		try_it(f, "alice@example.com", OLD_PASSWORD), STAUTH_ALLOW);
	/* Weak, but it opens the account once more. */
	assert_int_equal(try_it(f, "bob", "abc"), STAUTH_ALLOW);
	assert_int_equal(try_it(f, "carl", PLAIN_UMLAUT), STAUTH_ALLOW);
	assert_ok(f->real_accounts->user_by_name(
		f->ctx.accounts, "alice@example.com", &account, &err));
	assert_true(account.su);
	assert_string_equal(account.email, "alice@example.com");
	assert_memory_equal(account.password, "$argon2id$", 10);
	assert_ok(f->real_accounts->user_by_name(
		f->ctx.accounts, "bob", &account, &err));
	assert_false(account.su);
	assert_true(account.must_change);
	assert_string_equal(account.email, "");
	assert_int_equal(fixture_rows(f, "import", NULL), 3);
}

static bool must_change(struct fixture *f, const char *name)
{
	struct stauth_account account;
	struct stauth_err err;

	assert_ok(stauth_account_get(&f->ctx, name, &account, &err));
	return account.must_change;
}

static void u12_passwords_nobody_could_choose_must_be_changed(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES"
		"(1,'good','" OLD_GOOD "',0,0,0),(2,'short','" OLD_WEAK
		"',0,0,0),"
		"(3,'common','" OLD_COMMON "',0,0,0),"
		"(4,'alice.smith@example.com','" OLD_OWN "',0,0,0)");
	for (int dry_run = 1; dry_run >= 0; dry_run--) {
		f->reports[0] = '\0';
		assert_ok(import(f, "old.db", dry_run == 1, &count, &err));
		assert_count(&count, 4, 0, 0);
		assert_null(strstr(f->reports, "\"good\""));
		assert_non_null(strstr(f->reports,
			"warning|Note on \"short\": must change the password"));
		assert_non_null(strstr(f->reports, "Note on \"common\": "));
		assert_non_null(strstr(f->reports, "commonly used"));
		assert_non_null(strstr(f->reports, "based on your name"));
		assert_null(strstr(f->reports, "password1234"));
	}
	assert_false(must_change(f, "good"));
	assert_true(must_change(f, "short"));
	assert_true(must_change(f, "common"));
	assert_true(must_change(f, "alice.smith@example.com"));
	assert_int_equal(try_it(f, "common", "password1234"), STAUTH_ALLOW);
}

static void u12_the_published_key_makes_everybody_change(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_err err;

	old_file(f, "auth.db",
		"INSERT INTO USERS VALUES(1,'alice','" SAMPLE_GOOD "',0,0,0)");
	fixture_write(f, ".env",
		"SQLITE_DB=auth.db\nENC_NONCE='nonsensical'\n"
		"ENC_PASSWORD='YouWillNeverGuessThisSecretKey32'\n");
	assert_ok(import(f, ".env", false, &count, &err));
	assert_count(&count, 1, 0, 0);
	assert_non_null(strstr(f->reports, "published sample"));
	assert_true(must_change(f, "alice"));
	assert_int_equal(try_it(f, "alice", OLD_PASSWORD), STAUTH_ALLOW);
}

static void k2_rows_that_do_not_decrypt_are_reported_and_skipped(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_account account;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES"
		"(1,'short','AAAA',0,0,0),(2,'nob64','!!!!',0,0,0),"
		"(3,'none',NULL,0,0,0),(4,'empty','" OLD_EMPTY "',0,0,0),"
		"(5,'break','" OLD_NEWLINE "',0,0,0),"
		"(6,'cut','SkgK-Qk2hI96kc9yPiuYVw=',0,0,0),"
		"(7,'noise','AAAAAAAAAAAAAAAAAAAAAA==',0,0,0),"
		"(8,'number',17,0,0,0),(9,'blob',x'00ff',0,0,0),"
		"(10,'fine','" OLD_GOOD "',0,0,0)");
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 1, 0, 9);
	assert_rc(stauth_account_get(&f->ctx, "noise", &account, &err),
		STAUTH_NOTFOUND);
	assert_non_null(strstr(f->reports, "warning|Skipped \"short\": "));
	assert_non_null(strstr(f->reports, "\"empty\""));
	assert_null(strstr(f->reports, "\"fine\""));
}

static void k3_names_that_are_none_are_inert(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES"
		"(1,'x\" OR \"1\"=\"1','" OLD_GOOD "',1,0,0),"
		"(2,'a b','" OLD_GOOD "',1,0,0),(3,'','" OLD_GOOD "',1,0,0),"
		"(4,NULL,'" OLD_GOOD "',1,0,0),"
		"(5,'a'||char(10)||'b','" OLD_GOOD "',1,0,0),"
		"(6,'ali'||char(0)||'ce','" OLD_GOOD "',1,0,0),"
		"(7,char(27)||'[2J','" OLD_GOOD "',1,0,0)");
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 0, 0, 7);
	assert_null(strchr(f->reports, '\x1b'));
	assert_int_equal(fixture_rows(f, "import", NULL), 0);
}

static void names_that_become_one_are_all_skipped(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_account account;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES"
		"(1,'Alice','" OLD_GOOD "',0,0,0),"
		"(2,'bob','" OLD_GOOD "',0,0,0),"
		"(3,'alice','" OLD_WEAK "',1,0,0),"
		"(4,'ALICE','" OLD_WEAK "',1,0,0),"
		"(5,'carl','" OLD_GOOD "',0,0,0),"
		"(6,' Carl	','" OLD_GOOD "',0,0,0)");
	assert_ok(import(f, "old.db", true, &count, &err));
	assert_count(&count, 1, 0, 5);
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 1, 0, 5);
	assert_rc(stauth_account_get(&f->ctx, "alice", &account, &err),
		STAUTH_NOTFOUND);
}

static void k4_what_is_there_is_left_alone(void **state)
{
	struct fixture *f = *state;
	const struct stauth_account_new taken = {
		.name = "other", .email = "carl@example.com"};
	struct stauth_import_count count;
	struct stauth_account account;
	struct stauth_err err;

	(void)fixture_user(f, "alice", OTHER_PASSWORD, false);
	assert_ok(stauth_account_add(
		&f->ctx, &taken, &fixture_actor, &account, &err));
	old_file(f, "old.db",
		"INSERT INTO USERS VALUES"
		"(1,'Alice','" OLD_GOOD "',1,0,0),"
		"(2,'carl@example.com','" OLD_GOOD "',0,0,0),"
		"(3,'new','" OLD_GOOD "',0,0,0)");
	assert_ok(import(f, "old.db", true, &count, &err));
	assert_count(&count, 1, 1, 1);
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 1, 1, 1);
	/* Again: nothing more to do. */
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 0, 2, 1);
	assert_int_equal(try_it(f, "alice", OLD_PASSWORD), STAUTH_DENY);
	assert_int_equal(try_it(f, "alice", OTHER_PASSWORD), STAUTH_ALLOW);
	assert_ok(stauth_account_get(&f->ctx, "alice", &account, &err));
	assert_false(account.su);
}

static void a_dry_run_writes_nothing(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_account account;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES(1,'alice','" OLD_GOOD "',0,0,0),"
		"(2,'bad','AAAA',0,0,0)");
	assert_ok(import(f, "old.db", true, &count, &err));
	assert_count(&count, 1, 0, 1);
	assert_rc(stauth_account_get(&f->ctx, "alice", &account, &err),
		STAUTH_NOTFOUND);
	assert_int_equal(fixture_rows(f, "import", NULL), 0);
}

static void k9_old_tokens_open_nothing(void **state)
{
	struct fixture *f = *state;
	static const char token[] = "abcdefghijklmnopqrstuvwxyz012345";
	struct stauth_import_count count;
	struct stauth_session session;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES(1,'alice','" OLD_GOOD "',0,"
		"'abcdefghijklmnopqrstuvwxyz012345','2999-01-01T00:00:00')");
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 1, 0, 0);
	assert_rc(stauth_session_by_token(&f->ctx, token, &session, &err),
		STAUTH_NOTFOUND);
}

static void an_env_names_file_and_secrets(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_err err;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/db", f->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	old_file(f, "db/auth_master.db",
		"INSERT INTO USERS VALUES(1,'alice','" OLD_ENV "',0,0,0)");
	fixture_write(f, ".env",
		"# st-auth-simple\nSTORAGE='SQLITE'\n"
		"export SQLITE_DB_PATH = 'db'\nSQLITE_DB=\"AUTH_Master\"\n"
		"USERS_TABLE='USERS'\nENC_PASSWORD='other-secret' # new\n"
		"SESSION_TOKEN_NAME='st-auth-simple'\nSOMETHING_ELSE=1\n");
	assert_ok(import(f, ".env", false, &count, &err));
	assert_count(&count, 1, 0, 0);
	assert_int_equal(try_it(f, "alice", "env file password"), STAUTH_ALLOW);
}

static void an_env_that_leads_nowhere_says_why(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *text;
		enum stauth_rc want;
		const char *says;
	} cases[] = {
		{"STORAGE='AIRTABLE'\nENC_PASSWORD=x\n", STAUTH_ECONFIG,
			"no AIRTABLE provider in this build"},
		{"STORAGE='CLOUD'\nSQLITE_DB=a.db\n", STAUTH_ECONFIG,
			"STORAGE"},
		{"ENC_PASSWORD=x\n", STAUTH_BADVALUE, "SQLITE_DB"},
		{"SQLITE_DB=a.db\n", STAUTH_ECONFIG, "ENC_PASSWORD"},
		{"SQLITE_DB\n", STAUTH_BADVALUE, "old.env:1: "},
		{"SQLITE_DB=a.db\nENC_PASSWORD=x\n", STAUTH_EUNREACHABLE,
			"a.db"},
	};
	struct stauth_import_count count;
	struct stauth_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fixture_write(f, "old.env", cases[i].text);
		assert_rc(import(f, "old.env", false, &count, &err),
			cases[i].want);
		if (!strstr(err.msg, cases[i].says)) {
			fail_msg("%s does not say %s", err.msg, cases[i].says);
		}
	}
	assert_rc(
		import(f, "missing", false, &count, &err), STAUTH_EUNREACHABLE);
	assert_rc(import(f, ".", false, &count, &err), STAUTH_BADVALUE);
}

static void a_bare_file_needs_our_own_secret(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES(1,'alice','" OLD_GOOD "',0,0,0)");
	f->config->enc_password[0] = '\0';
	assert_rc(import(f, "old.db", false, &count, &err), STAUTH_ECONFIG);
	assert_non_null(strstr(err.msg, "ENC_PASSWORD"));
}

static enum stauth_rc insert_fails(struct stauth_accounts *accounts,
	const struct stauth_account *account,
	const struct stauth_change *change, int64_t *ret_uid,
	struct stauth_err *err)
{
	(void)accounts;
	(void)account;
	(void)change;
	(void)ret_uid;
	return stauth_fail(err, STAUTH_EUNREACHABLE, "disk full");
}

static void a_fault_stops_and_is_no_skip(void **state)
{
	struct fixture *f = *state;
	struct stauth_import_count count;
	struct stauth_err err;

	old_file(f, "old.db",
		"INSERT INTO USERS VALUES(1,'alice','" OLD_GOOD "',0,0,0),"
		"(2,'bob','" OLD_GOOD "',0,0,0)");
	f->accounts_ops.user_insert = insert_fails;
	assert_rc(
		import(f, "old.db", false, &count, &err), STAUTH_EUNREACHABLE);
	assert_count(&count, 0, 0, 0);
	f->accounts_ops.user_insert = f->real_accounts->user_insert;
	assert_ok(import(f, "old.db", false, &count, &err));
	assert_count(&count, 2, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(k1_passwords_are_read_once_and_hashed_again),
		FIXTURE_TEST(u12_passwords_nobody_could_choose_must_be_changed),
		FIXTURE_TEST(u12_the_published_key_makes_everybody_change),
		FIXTURE_TEST(
			k2_rows_that_do_not_decrypt_are_reported_and_skipped),
		FIXTURE_TEST(k3_names_that_are_none_are_inert),
		FIXTURE_TEST(names_that_become_one_are_all_skipped),
		FIXTURE_TEST(k4_what_is_there_is_left_alone),
		FIXTURE_TEST(a_dry_run_writes_nothing),
		FIXTURE_TEST(k9_old_tokens_open_nothing),
		FIXTURE_TEST(an_env_names_file_and_secrets),
		FIXTURE_TEST(an_env_that_leads_nowhere_says_why),
		FIXTURE_TEST(a_bare_file_needs_our_own_secret),
		FIXTURE_TEST(a_fault_stops_and_is_no_skip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
