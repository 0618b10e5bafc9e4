/* SPDX-License-Identifier: MIT */
/* Sends the log-in form for the page. The page itself may connect to nothing
 * (its Content-Security-Policy); this worker may, to this site alone. */
"use strict";

onmessage = function (event) {
	fetch(event.data.url, {
		method: "POST",
		keepalive: true,
		headers: {
			"Accept": "application/json",
			"Content-Type": "application/x-www-form-urlencoded"
		},
		body: event.data.body
	}).then(function (response) {
		return response.json().then(function (answer) {
			postMessage({
				status: response.status,
				wait_s: Number(response.headers.get(
					"Retry-After")),
				answer: answer
			});
		});
	}).catch(function () {
		postMessage({status: 0});
	});
};
