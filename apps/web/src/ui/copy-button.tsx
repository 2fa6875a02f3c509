import { Button } from "@mantine/core";
import { useState } from "react";
import { Icon } from "./icon.tsx";

const shownFor_ms = 2_000;

/** Puts a text into the clipboard, also where the page came over plain HTTP and the browser's own way is closed. */
export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
	const [copied, setCopied] = useState(false);
	async function copy() {
		const given = typeof text === "string" ? text : text();
		const done = await (navigator.clipboard?.writeText(given) ?? Promise.reject(new Error("not a secure page"))).then(
			() => true,
			() => copyBySelection(given),
		);
		setCopied(done);
		setTimeout(() => setCopied(false), shownFor_ms);
	}
	return (
		<Button variant="default" leftSection={<Icon name={copied ? "ok" : "link"} size={14} />} onClick={copy}>
			<span aria-live="polite">{copied ? "Copied" : label}</span>
		</Button>
	);
}

function copyBySelection(text: string): boolean {
	const field = document.createElement("textarea");
	field.value = text;
	field.style.position = "fixed";
	document.body.append(field);
	field.select();
	const done = document.execCommand("copy");
	field.remove();
	return done;
}
