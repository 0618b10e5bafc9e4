/* SPDX-License-Identifier: MIT */
/* Comfort only: every page works without it. */
(function () {
	"use strict";

	function fields(button) {
		return button.getAttribute("aria-controls").split(" ")
			.map(function (id) {
				return document.getElementById(id);
			});
	}

	function show(button, visible) {
		button.setAttribute("aria-pressed", String(visible));
		fields(button).forEach(function (field) {
			field.type = visible ? "text" : "password";
		});
	}

	document.querySelectorAll("button.reveal").forEach(function (button) {
		button.hidden = false;
		button.addEventListener("click", function () {
			show(button,
				button.getAttribute("aria-pressed") !== "true");
		});
	});

	function capsLock(event) {
		if (!event.getModifierState) {
			return;
		}
		var on = event.getModifierState("CapsLock");
		var form = event.target.form;
		var hint = form && form.querySelector(".caps");
		if (hint) {
			hint.hidden = !on;
		}
	}

	document.querySelectorAll("input[type=password]").forEach(
		function (field) {
			field.addEventListener("keydown", capsLock);
			field.addEventListener("keyup", capsLock);
		});

	document.querySelectorAll("form").forEach(function (form) {
		form.addEventListener("submit", function (event) {
			if (form.dataset.sent) {
				event.preventDefault();
				return;
			}
			form.dataset.sent = "1";
			form.querySelectorAll("button.reveal").forEach(
				function (button) {
					show(button, false);
				});
			form.querySelectorAll("button[type=submit]").forEach(
				function (button) {
					button.setAttribute(
						"aria-disabled", "true");
				});
		});
	});

	/* The server judges the wait; this only tells how it goes on. */
	function words(seconds) {
		if (seconds >= 120) {
			return Math.ceil(seconds / 60) + " minutes";
		}
		return seconds + (seconds === 1 ? " second" : " seconds");
	}

	document.querySelectorAll(".wait").forEach(function (hint) {
		var end = Date.now() + 1000 * Number(hint.dataset.seconds);
		var timer = window.setInterval(function () {
			var left = Math.ceil((end - Date.now()) / 1000);
			if (left > 0) {
				hint.querySelector("span").textContent =
					words(left);
				return;
			}
			window.clearInterval(timer);
			hint.setAttribute("role", "status");
			hint.textContent = hint.dataset.over;
		}, 1000);
	});

	/* A page out of the browser's memory may tell what holds no more. */
	window.addEventListener("pageshow", function (event) {
		if (event.persisted) {
			window.location.reload();
		}
	});
}());
