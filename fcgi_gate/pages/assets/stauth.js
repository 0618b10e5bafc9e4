/* SPDX-License-Identifier: MIT */
/* Comfort only: every page works without it. */
(function () {
	"use strict";

	var text = {
		show: "Show password",
		caps: "Caps Lock is on.",
		busy: "The server is busy. Signing you in as soon as possible; " +
			"please keep this page open."
	};

	function each(selector, action) {
		document.querySelectorAll(selector).forEach(action);
	}

	/* Show-password buttons and the Caps Lock hint. They are made here, so
	 * that a browser without script does not show what cannot work. */

	function reveal(button, visible) {
		button.setAttribute("aria-pressed", String(visible));
		button.parentNode.querySelector("input").type =
			visible ? "text" : "password";
	}

	each(".secret", function (box) {
		var field = box.querySelector("input");
		var button = document.createElement("button");
		var label = document.createElement("span");
		var hint = document.createElement("p");
		button.type = "button";
		button.setAttribute("aria-controls", field.id);
		label.className = "away";
		label.textContent = text.show;
		button.appendChild(label);
		box.appendChild(button);
		reveal(button, false);
		button.addEventListener("click", function () {
			reveal(button,
				button.getAttribute("aria-pressed") !== "true");
		});

		/* A status that is filled later is read out; one that was only
		 * hidden may not be. */
		hint.className = "hint caps";
		hint.setAttribute("role", "status");
		box.parentNode.insertBefore(hint, box.nextSibling);

		/* The Caps Lock key itself reports the old state on some
		 * systems: the next key tells. */
		function capsLock(event) {
			var on = event.getModifierState &&
				event.key !== "CapsLock" &&
				event.getModifierState("CapsLock");
			var words = on ? text.caps : "";
			if (hint.textContent !== words) {
				hint.textContent = words;
			}
		}

		field.addEventListener("keydown", capsLock);
		field.addEventListener("keyup", capsLock);
		field.addEventListener("blur", function () {
			hint.textContent = "";
		});
	});

	/* The address after a log-in keeps its #fragment: a redirect inherits
	 * it from the address that the form was sent to. */
	each("form", function (form) {
		if (form.elements.password && !form.elements.token) {
			form.action = form.getAttribute("action") +
				window.location.hash;
		}
	});

	/* One submit at a time, and no password shown in a remembered page. */
	function lock(form, locked) {
		if (locked) {
			form.dataset.sent = "1";
		} else {
			delete form.dataset.sent;
		}
		form.querySelectorAll(".secret button").forEach(
			function (button) {
				reveal(button, false);
			});
		form.querySelectorAll("button[type=submit]").forEach(
			function (button) {
				button.setAttribute("aria-disabled",
					String(locked));
			});
	}

	each("form", function (form) {
		form.addEventListener("submit", function (event) {
			if (form.dataset.sent) {
				event.preventDefault();
				return;
			}
			lock(form, true);
			if (form.className === "sign-in" && window.Worker) {
				event.preventDefault();
				signIn(form);
			}
		});
	});

	/* The log-in tries again by itself while the server is busy. What was
	 * typed stays in this page's memory. */

	each("form.sign-in", function () {
		var box = document.createElement("div");
		if (!document.getElementById("message")) {
			box.id = "message";
			box.className = "message";
			box.tabIndex = -1;
			box.setAttribute("role", "status");
			document.querySelector("h1").after(box);
		}
	});

	function say(type, words) {
		var box = document.getElementById("message");
		box.className = "message " + type;
		box.setAttribute("role", type === "error" ? "alert" : "status");
		box.textContent = words;
		return box;
	}

	function refused(form, reply) {
		var wrong = reply.status === 401;
		lock(form, false);
		form.elements.csrf.value = reply.answer.csrf ||
			form.elements.csrf.value;
		[form.elements.username, form.elements.password].forEach(
			function (field) {
				field.toggleAttribute("aria-invalid", false);
				if (wrong) {
					field.setAttribute(
						"aria-invalid", "true");
					field.setAttribute("aria-describedby",
						"message");
				}
			});
		if (wrong) {
			form.elements.password.value = "";
		}
		if (document.title.indexOf("Error: ") !== 0) {
			document.title = "Error: " + document.title;
		}
		say(reply.answer.type, reply.answer.message).focus();
	}

	function signIn(form) {
		var worker;
		var url = form.getAttribute("action").split("#")[0];

		function send() {
			worker.postMessage({
				url: url,
				body: new URLSearchParams(
					new FormData(form)).toString()
			});
		}

		function received(event) {
			var reply = event.data;
			if (reply.status === 503) {
				/* Not all at the same moment. */
				window.setTimeout(send, 1000 *
					(reply.wait_s || 1) *
					(0.5 + Math.random()));
				say("info", text.busy);
				return;
			}
			worker.terminate();
			if (reply.status === 200 && reply.answer.next) {
				window.location.replace(reply.answer.next +
					window.location.hash);
			} else if (reply.status >= 400) {
				refused(form, reply);
			} else {
				form.submit();
			}
		}

		try {
			worker = new Worker(document.querySelector(
				"script[data-sender]").dataset.sender);
		} catch (error) {
			form.submit();
			return;
		}
		worker.onmessage = received;
		worker.onerror = function () {
			form.submit();
		};
		send();
	}

	/* The server enforces the wait; this only counts down. */
	function words(seconds) {
		if (seconds >= 120) {
			return Math.ceil(seconds / 60) + " minutes";
		}
		return seconds + (seconds === 1 ? " second" : " seconds");
	}

	each(".wait", function (hint) {
		var end = Date.now() + 1000 * Number(hint.dataset.seconds);
		var over = document.createElement("p");
		over.className = "hint";
		over.setAttribute("role", "status");
		hint.after(over);
		var timer = window.setInterval(function () {
			var left = Math.ceil((end - Date.now()) / 1000);
			if (left > 0) {
				hint.querySelector("span").textContent =
					words(left);
				return;
			}
			window.clearInterval(timer);
			over.id = hint.id;
			over.textContent = hint.dataset.over;
			hint.remove();
		}, 1000);
	});

	/* A page out of the browser's cache may be out of date. */
	window.addEventListener("pageshow", function (event) {
		if (event.persisted) {
			window.location.reload();
		}
	});
}());
