import { ActionIcon, Button } from "@mantine/core";
import { useState } from "react";
import style from "./copy-button.module.css";
import { Icon } from "./icon.tsx";

const shownFor_ms = 2_000;

function useCopy(text: string | (() => string | Promise<string>)) {
	const [copied, setCopied] = useState(false);
	async function copy() {
		const given = typeof text === "string" ? text : await text();
		const done = await (navigator.clipboard?.writeText(given) ?? Promise.reject(new Error("not a secure page"))).then(
			() => true,
			() => copyBySelection(given),
		);
		setCopied(done);
		setTimeout(() => setCopied(false), shownFor_ms);
	}
	return { copied, copy };
}

/** Puts a text into the clipboard, also where the page came over plain HTTP and the browser's own way is closed. */
export function CopyButton({ text, label }: { text: string | (() => string | Promise<string>); label: string }) {
	const { copied, copy } = useCopy(text);
	return (
		<Button variant="default" leftSection={<Icon name={copied ? "ok" : "copy"} size={14} />} onClick={copy}>
			<span aria-live="polite">{copied ? "Copied" : label}</span>
		</Button>
	);
}

/** The same beside a value that it copies. */
export function CopyIcon({ text, label }: { text: string; label: string }) {
	const { copied, copy } = useCopy(text);
	return (
		<ActionIcon
			className={style.icon}
			variant="subtle"
			color="gray"
			size="xs"
			aria-label={copied ? "Copied" : label}
			title={copied ? "Copied" : label}
			onClick={copy}
		>
			<Icon name={copied ? "ok" : "copy"} size={12} />
		</ActionIcon>
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
