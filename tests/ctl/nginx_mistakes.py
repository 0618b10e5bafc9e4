# SPDX-License-Identifier: MIT
"""The example site with one mistake in it, each of which nginx takes; and what
is no mistake. Used by test_nginx_check.py."""

# What other people have beside it, and none of our business.
NEIGHBOURS = """
proxy_cache_path @DIR@/cache keys_zone=blog:1m;
log_format other '$remote_addr $request';
upstream blog { server 127.0.0.1:9000; keepalive 8; }
map $http_user_agent $bad { default 0; "~*(?:curl|\\d{2})" 1; }
geo $inside { default 0; 10.0.0.0/8 1; }
server {
	listen 127.0.0.1:58081;
	server_name blog.example.com;
	underscores_in_headers on;
	merge_slashes off;
	ssi on;
	access_log @DIR@/blog.log other;
	satisfy any;
	location / {
		proxy_set_header X-Auth-User $remote_user;
		proxy_cache blog;
		proxy_pass http://blog;
	}
	location ~ \\.php$ { include fastcgi_params; fastcgi_pass unix:/run/p; }
	location /static { alias /srv/static/; }
	location /old { rewrite ^/old/(.*)$ /new/$1 last; return 200 "x"; }
	location = /a { auth_request /b; proxy_pass http://blog; }
	location = /b { proxy_set_header X-Auth-User ""; proxy_pass http://blog; }
	error_page 404 =200 /index.html;
	if ($bad) { return 403; }
}
server {
	listen 58082;
	server_name a.example.com *.b.example.com;
	location / { return 301 https://$host$request_uri; }
}
"""

PROTECT = "		include snippets/stauth-protect.conf;\n"
HSTS = ('		add_header Strict-Transport-Security '
        '"max-age=31536000" always;\n')
APP = "		proxy_pass http://127.0.0.1:8501;\n"
SERVER = "	include snippets/stauth-server.conf;\n"
LAST = "	# Streamlit's figures are nobody's business.\n"
HTTP = "include snippets/stauth-http.conf;\n"
SITE = "conf.d/app.conf"


def location(text):
    """One more in the example site."""
    return (SITE, LAST, "	location %s\n" % text + LAST)


# (what is seeded, the rule, (file, old text, new text)...)
MISTAKES = [
    ("a regular expression takes the app's files", "unprotected-twin",
     location("~ \\.js$ { proxy_pass http://localhost:8501; }")),
    ("a prefix of the same app", "unprotected-twin",
     location("/api/ { proxy_pass http://127.0.0.1:8501; }")),
    ("an upstream of the same app", "unprotected-twin",
     (SITE, HTTP, HTTP + "upstream app { server [::1]:8501; }\n"),
     location("/api/ { proxy_pass http://app/x; }")),
    ("auth_request off beside the same app", "unprotected-twin",
     (SITE, APP, APP + "		location /a { auth_request off;\n"
      "			proxy_pass http://127.0.0.1:8501; }\n")),
    ("try_files falls to a location without", "unprotected-twin",
     (SITE, APP, "		root /srv; try_files $uri @app;\n"),
     location("@app { proxy_pass http://127.0.0.1:8501; }"),
     location("/two/ {\n" + PROTECT + HSTS + APP + "	}")),
    ("the same app in another server", "unprotected-twin",
     (SITE, HTTP, HTTP + "server { listen 127.0.0.1:58083; location / {\n"
      "proxy_pass http://127.0.0.1:8501; } }\n")),
    ("the check of somebody else", "unprotected-twin",
     location("/api/ { auth_request /x;"
              " proxy_pass http://127.0.0.1:8501; }")),
    ("by FastCGI", "unprotected-twin",
     location("/api/ { fastcgi_pass 127.0.0.1:8501; }")),
    ("in an if", "unprotected-twin",
     location("/api/ { if ($arg_a) {"
              " proxy_pass http://127.0.0.1:8501; } }")),
    ("files inside of a protected location", "auth-off",
     (SITE, APP, APP + "		location /a { auth_request off;"
      " root /srv; }\n")),
    ("a header of one's own in a nested location", "identity-headers",
     (SITE, APP, APP + "		location /a { proxy_set_header X-A 1;\n"
      + APP + "		}\n")),
    ("the check without the include", "identity-headers",
     location("/b/ { auth_request /_stauth/check; error_page 401 /x;\n"
              "		add_header Strict-Transport-Security x;\n"
              "		proxy_pass http://127.0.0.1:8502; }")),
    ("an identity header beside the include", "header-twice",
     (SITE, APP, APP + "		proxy_set_header x-auth-user $arg_u;\n")),
    ("an app that speaks uwsgi", "identity-headers",
     location("/b/ {\n" + PROTECT + HSTS +
              "		uwsgi_pass 127.0.0.1:8502; }")),
    ("an optional location whose identity is not the check's",
     "identity-headers",
     ("snippets/stauth-optional.conf",
      "proxy_set_header X-Auth-User $stauth_user;",
      "proxy_set_header X-Auth-User $http_x_auth_user;"),
     location("/o/ {\n		include snippets/stauth-optional.conf;\n" +
              APP + "	}")),
    ("an old public snippet", "identity-headers",
     ("snippets/stauth-public.conf",
      'proxy_set_header X-Auth-Groups "";\n', ""),
     location("/p/ {\n		include snippets/stauth-public.conf;\n" +
              APP + "	}")),
    ("an old snippet", "identity-headers",
     ("snippets/stauth-protect.conf",
      'proxy_set_header X-Streamlit-User "";\n', "")),
    ("an old snippet, of something else", "snippet-differs",
     ("snippets/stauth-protect.conf", "proxy_intercept_errors off;\n", "")),
    ("an old server snippet", "snippet-differs",
     ("snippets/stauth-server.conf", "absolute_redirect off;\n", "")),
    ("an old check", "check-changed",
     ("snippets/stauth-server.conf", "	fastcgi_ignore_headers X-Accel-"
      "Redirect X-Accel-Expires\n		X-Accel-Limit-Rate ",
      "	fastcgi_ignore_headers X-Accel-Limit-Rate ")),
    ("the pages without their ^~", "snippet-differs",
     ("snippets/stauth-server.conf", "location ^~ /auth/ {",
      "location /auth/ {")),
    ("no server snippet but its variable", "snippet-differs", (SITE, SERVER,
     "	set $stauth_server on; client_max_body_size 210m;\n"
     "	merge_slashes on;\n")),
    ("the socket of another RUN_DIR", "snippet-differs",
     ("snippets/stauth-http.conf", "unix:/run/stauth/check.sock",
      "unix:/run/other/check.sock")),
    ("the cookie of another name", "snippet-differs",
     ("snippets/stauth-http.conf",
      "__Host-stauth", "other")),
    ("one more line in a map", "snippet-differs",
     ("snippets/stauth-http.conf", 'map "" $stauth_require {\n',
      'map "" $stauth_require {\n	"" $arg_require;\n')),
    ("a second map of one variable", "snippet-differs",
     (SITE, HTTP, HTTP + 'map $arg_a $stauth_require { default ""; }\n')),
    ("kept connections to the pages", "snippet-differs",
     ("snippets/stauth-http.conf", "pages.sock max_fails=0;",
      "pages.sock max_fails=0; keepalive 8;")),
    ("the check's location is open", "check-changed",
     ("snippets/stauth-server.conf", "	internal;\n", "")),
    ("a second way to the check", "check-exposed",
     location("/c { fastcgi_pass stauth_check; }")),
    ("the check asks the pages", "check-changed",
     ("snippets/stauth-server.conf", "fastcgi_pass stauth_check;",
      "fastcgi_pass stauth_pages;")),
    ("the check hands on all headers", "check-changed",
     ("snippets/stauth-server.conf",
      "	fastcgi_pass_request_headers off;\n	fastcgi_param REQUEST_METHOD "
      "$request_method;\n	fastcgi_param REQUEST_URI",
      "	fastcgi_pass_request_headers on;\n	fastcgi_param REQUEST_METHOD "
      "$request_method;\n	fastcgi_param REQUEST_URI")),
    ("a cached check", "check-changed",
     (SITE, HTTP, HTTP + "fastcgi_cache_path @DIR@/c keys_zone=z:1m;\n"
      "fastcgi_cache z; fastcgi_cache_key $http_cookie;\n"),
     ("snippets/stauth-server.conf",
      "	fastcgi_cache off;\n	fastcgi_buffering on;\n"
      "	fastcgi_keep_conn on;\n	fastcgi_store /nonexistent/auth;\n",
      "	fastcgi_buffering on;\n	fastcgi_keep_conn on;\n")),
    ("an error_page that the check inherits", "check-changed",
     (SITE, SERVER, SERVER + "	error_page 500 =200 /50x.html;\n"),
     ("snippets/stauth-server.conf", "	error_page 599 @stauth_down;\n",
      "")),
    ("an error_page of the check", "check-changed",
     ("snippets/stauth-server.conf", "	error_page 599 @stauth_down;\n",
      "	error_page 599 @stauth_down; error_page 500 =200 /50x.html;\n")),
    ("the check returns by itself", "check-changed",
     ("snippets/stauth-server.conf", "	internal;\n",
      "	internal; return 204;\n")),
    ("the check is handed to the app", "check-changed",
     ("snippets/stauth-server.conf", "	fastcgi_pass stauth_check;\n",
      "	fastcgi_pass stauth_check; proxy_pass http://127.0.0.1:8501;\n")),
    ("include fastcgi_params", "check-changed",
     ("snippets/stauth-server.conf", "	internal;\n",
      "	internal; fastcgi_param REQUEST_METHOD GET;\n")),
    ("set is not inherited", "nested-require",
     (SITE, APP, APP + "		set $stauth_require su;\n"
      "		location /a {\n" + APP + "		}\n")),
    ("satisfy any", "satisfy-any",
     ("snippets/stauth-protect.conf", "satisfy all;", "satisfy any;")),
    ("return", "return-first",
     (SITE, APP, APP + '		return 200 "figures";\n')),
    ("return in an if", "return-first",
     (SITE, APP, APP + '		if ($arg_a) { return 200 "figures"; }\n')),
    ("rewrite to an open location", "rewrite-first",
     location("/open/ { root /srv; }"),
     (SITE, APP, APP + "		rewrite ^/a/(.*)$ /open/$1 last;\n")),
    ("rewrite to nobody knows where", "rewrite-first",
     (SITE, APP, APP + "		rewrite ^/a(/.*)$ $1;\n")),
    ("error_page before the include", "error-page",
     (SITE, PROTECT, "		error_page 401 /x;\n" + PROTECT)),
    ("a refusal becomes 200", "error-page",
     (SITE, PROTECT, "		error_page 403 404 =200 /x;\n" + PROTECT)),
    ("an alias off by one slash", "alias-slash",
     location("/files { alias /srv/files/; }")),
    ("our cookie beside the include", "header-twice",
     (SITE, APP, APP + "		proxy_set_header Cookie $http_cookie;\n")),
    ("another app on the same host", "cookie-elsewhere",
     location("/other/ { proxy_pass http://127.0.0.1:9000; }")),
    ("a cache", "snippet-differs",
     (SITE, HTTP, HTTP + "proxy_cache_path @DIR@/c keys_zone=z:1m;\n"
      "proxy_cache z;\n"),
     ("snippets/stauth-protect.conf", "proxy_cache off;\n", "")),
    ("a date", "snippet-differs",
     ("snippets/stauth-protect.conf", "expires off;", "expires 1h;")),
    ("add_header in a nested location", "snippet-differs",
     (SITE, APP, APP + "		location /a {\n" + HSTS + APP + "		}\n")),
    ("SSI in the site", "ssi", (SITE, SERVER, SERVER + "	ssi on;\n")),
    ("SSI of the app's pages", "snippet-differs",
     ("snippets/stauth-protect.conf", "ssi off;", "ssi on;")),
    ("Host without its port", "identity-headers",
     ("snippets/stauth-protect.conf", "Host $http_host;", "Host $host;")),
    ("a second Host", "header-twice",
     (SITE, APP, APP + "		proxy_set_header Host $host;\n")),
    ("no upgrade", "identity-headers",
     ("snippets/stauth-protect.conf",
      "proxy_set_header Upgrade $stauth_upgrade;\n", "")),
    ("buffers", "snippet-differs",
     ("snippets/stauth-protect.conf", "proxy_buffering off;",
      "proxy_buffering on;")),
    ("HTTP/1.0", "snippet-differs",
     ("snippets/stauth-protect.conf", "proxy_http_version 1.1;\n", "")),
    ("underscores here", "odd-headers",
     ("snippets/stauth-server.conf", "underscores_in_headers off;",
      "underscores_in_headers on;")),
    ("underscores in a neighbour", "odd-headers",
     (SITE, "	ssl_reject_handshake on;\n",
      "	ssl_reject_handshake on; underscores_in_headers on;\n")),
    ("odd headers in a neighbour", "odd-headers",
     (SITE, HTTP, HTTP + "server { listen 443 ssl http2;\n"
      "ssl_certificate @CERT@; ssl_certificate_key @KEY@;\n"
      "server_name b.example.com; ignore_invalid_headers off; }\n")),
    ("odd headers everywhere", "odd-headers",
     (SITE, HTTP, HTTP + "underscores_in_headers on;\n")),
    ("slashes in a neighbour", "merge-slashes",
     (SITE, "	ssl_reject_handshake on;\n",
      "	ssl_reject_handshake on; merge_slashes off;\n")),
    ("two servers of one name", "same-name",
     (SITE, HTTP, HTTP + "server { listen 443 ssl http2;\n"
      "ssl_certificate @CERT@; ssl_certificate_key @KEY@;\n"
      "server_name app.example.com; }\n")),
    ("everybody is a proxy", "realip-trust",
     (SITE, HTTP, HTTP + "set_real_ip_from 0.0.0.0/0;\n")),
    ("the log has the cookie", "log-secret",
     (SITE, HTTP, HTTP + "log_format bad '$remote_addr \"$http_cookie\"';\n"),
     (SITE, SERVER, SERVER + "	access_log @DIR@/a.log bad;\n")),
    ("the log has the reset link", "snippet-differs",
     ("snippets/stauth-server.conf",
      "		error_log /dev/null emerg;\n", "")),
    ("nothing is protected", "nothing-protected", (SITE, PROTECT, ""),
     (SITE, SERVER, "")),
    ("an address of variables", "unprotected-twin",
     (SITE, APP, "		proxy_pass http://$app;\n"),
     (SITE, SERVER, SERVER + "	set $app a;\n"),
     location("/b { proxy_pass http://$app; }")),
    ("a requirement in the server", "server-set",
     (SITE, SERVER, SERVER + "	set $stauth_require group:staff;\n")),
    ("a setting for all apps in the server", "server-set",
     (SITE, SERVER, "	set $stauth_resume on;\n" + SERVER)),
    ("any Upgrade to another app", "upgrade-any",
     location("/b/ { proxy_set_header Cookie $stauth_app_cookie;\n"
              "		proxy_set_header upgrade $http_upgrade;\n"
              "		proxy_pass http://127.0.0.1:9000; }")),
    ("no answer to a path of two meanings", "snippet-differs",
     ("snippets/stauth-server.conf", "if ($stauth_bad_path) {",
      "if ($arg_bad_path) {")),
    ("the requirement is not copied", "snippet-differs",
     ("snippets/stauth-protect.conf",
      "set $stauth_asked $stauth_require;\n", "")),
    ("another name than PUBLIC_URL", "public-url",
     (SITE, "443 ssl http2;\n	server_name app.example.com;",
      "443 ssl http2;\n	server_name www.example.com;")),
    ("another port than PUBLIC_URL", "public-url",
     (SITE, "	listen 443 ssl http2;\n	listen [::]:443 ssl http2;\n"
      "	server_name", "	listen 58444 ssl http2;\n	server_name")),
    ("a second app that never learns of its path", "base-path",
     location("/two/ {\n" + PROTECT + HSTS +
              "		proxy_pass http://127.0.0.1:8502/; }")),
    ("a requirement with a slip", "set-unknown",
     (SITE, PROTECT, "		set $stauth_requires su;\n" + PROTECT)),
]

RELAY = (SITE, "	#include snippets/stauth-stream.conf;\n",
         "	include snippets/stauth-stream.conf;\n")
MISTAKES += [
    ("a way of one's own to the relay", "relay-exposed",
     location("/ws/ { proxy_pass http://stauth_stream; }")),
    ("a protected one", "relay-exposed",
     location("/ws/ {\n" + PROTECT + HSTS +
              "		proxy_pass http://stauth_stream; }")),
    ("an if beside the way to the relay", "stream-if", RELAY,
     (SITE, APP, APP + "		if ($arg_a) { add_header X-A b; }\n")),
    ("half of the relay's snippet", "snippet-differs", RELAY,
     ("snippets/stauth-stream.conf", "set $stauth_relay on;\n", "")),
    ("a calm answer for everything", "snippet-differs", RELAY,
     ("snippets/stauth-stream.conf", 'return 200 "{}"', 'return 200 "ok"')),
    ("another answer when the relay is away", "snippet-differs", RELAY,
     ("snippets/stauth-protect.conf",
      "	error_page 500 502 504 = @stauth_down;\n", "")),
]
# With APP_UPSTREAM='127.0.0.1:8501 127.0.0.1:8502'.
RELAY_MISTAKES = [
    ("no relay at all", "stream-direct"),
    ("another app than the first", "stream-app", RELAY,
     location("/two/ {\n" + PROTECT + HSTS +
              "		proxy_pass http://127.0.0.1:8502; }")),
    ("another app than the page's", "stream-app", RELAY,
     location("/two/ {\n		set $stauth_app 127.0.0.1:8502;\n" +
              PROTECT + HSTS + APP + "	}")),
    ("an app that is not in the configuration", "stream-app", RELAY,
     location("/two/ {\n		set $stauth_app 127.0.0.1:8503;\n" +
              PROTECT + HSTS + "		proxy_pass http://127.0.0.1:8503; }")),
]
RELAY_FINE = [
    ("a name of many", RELAY, (SITE, "443 ssl http2;\n	server_name app.",
                        "443 ssl http2;\n	server_name x.org *.")),
    ("TLS ends before it", RELAY, (
        SITE, "	listen 443 ssl http2;\n	listen [::]:443 ssl http2;\n"
        "	server_name", "	listen 58444;\n	server_name")),
    ("apps by their names", RELAY,
     (SITE, HTTP, HTTP + "upstream app { server [::1]:8501; }\n"),
     (SITE, APP, "		proxy_pass http://app;\n"),
     location("/two/ {\n		set $stauth_app 127.0.0.1:8502;\n" +
              PROTECT + HSTS + "		proxy_pass http://localhost:8502; }")),
]

FINE = [
    ("the relay", RELAY,
     (SITE, APP, APP + "		if ($arg_old) { return 301 /new; }\n"),
     location("/o/ {\n		set $stauth_app 127.0.0.1:8502;\n"
              "		include snippets/stauth-optional.conf;\n" +
              "		proxy_pass http://127.0.0.1:8502;\n	}")),
    ("a nested location that inherits all",
     (SITE, APP, APP + "		location /a { proxy_read_timeout 1h;\n" + APP +
      "		}\n")),
    ("an optional location",
     location("/o/ {\n		include snippets/stauth-optional.conf;\n" + APP +
              "	}")),
    ("a public location",
     location("/p/ {\n		include snippets/stauth-public.conf;\n" + APP +
              "	}")),
    ("rewrite within, refusals and redirects on a condition",
     (SITE, APP, APP + "		rewrite ^/a/(.*)$ /b/$1 break;\n"
      "		rewrite ^/old/(.*)$ /new/$1 redirect;\n"
      "		if ($request_method = TRACE) { return 405; }\n"
      "		if ($arg_old) { return 301 /new; }\n")),
    ("headers and pages of one's own beside the include",
     (SITE, APP, APP + "		proxy_set_header X-Mine 1;\n"
      "		error_page 404 /404.html; limit_except GET { deny all; }\n")),
    ("files and another app that does not get the cookie",
     location("/static/ { alias /srv/static/; expires 1h; }"),
     location("/other/ { proxy_set_header Cookie $stauth_app_cookie;\n"
              "		proxy_pass http://127.0.0.1:9000; }")),
    ("proxies that are known",
     (SITE, HTTP, HTTP + "set_real_ip_from 10.0.0.0/8;\n"
      "set_real_ip_from fc00::/7; set_real_ip_from 127.0.0.1;\n"
      "real_ip_header X-Forwarded-For;\n")),
    ("closed by the server",
     (SITE, SERVER, SERVER + "	auth_request /_stauth/check;\n"),
     location("= /robots.txt { auth_request off; root /srv; }")),
    ("a limit of log-ins",
     (SITE, HTTP, HTTP + "limit_req_zone $binary_remote_addr zone=l:1m"
      " rate=9r/s;\n"),
     ("snippets/stauth-server.conf", "	internal;\n",
      "	internal; access_log off; limit_req zone=l burst=99;\n")),
]
