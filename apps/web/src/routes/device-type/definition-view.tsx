import type { ChangeDefinition } from "@netconductor/contracts/devices/change";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ReactNode } from "react";
import { Panel } from "../../ui/page.tsx";
import styles from "./definition.module.css";
import { keysToText } from "./keys-text.ts";

const structures = {
	indent: "By indentation",
	braces: "By braces",
	set_lines: "Lines that set",
	flat: "Flat lines",
} as const;

/** What the parts of a definition are for; the form says the same. */
export const explained = {
	prompts: "Matched against the last, unfinished line of what the device says: then it waits for a command.",
	session: "How a session begins, gains privileges and ends.",
	questions: "What may stand in the way of output or of the first prompt, and the keys that answer it.",
	config: "How the running configuration is read, and what belongs to it.",
	errors: "A line of an answer that matches one of these means that the command failed.",
	volatile:
		"What differs from read to read without a change. A matching line is left out; with groups, only what they captured.",
	secrets: "Each group of a match is a secret: masked wherever a configuration is shown or searched.",
	change:
		"How a change of the configuration is made, and how it is taken back when a check fails or nobody confirms it.",
	facts: "Commands that tell facts; the first group of each pattern is the value.",
} as const;

/** A definition of a device type to read, by its parts. */
export function DefinitionView({ definition }: { definition: PlatformDefinition }) {
	const { prompt, enable, configure, config, save, secret_blocks, facts, newline, username_suffix } = definition;
	return (
		<div className={styles.sections}>
			<Part title="Prompts" about={explained.prompts}>
				<Facts
					facts={[
						["Unprivileged", prompt.exec],
						["Privileged", prompt.enable],
						["Configuration", prompt.config],
						["Line above", prompt.above],
					]}
				/>
			</Part>
			<Part title="Session" about={explained.session}>
				<Facts
					facts={[
						["After login", definition.session_start.join("\n") || undefined],
						["Privileges", enable && `${enable.command}, then ${enable.password_prompt}`],
						["Enter configuration", configure?.enter],
						["Leave configuration", configure?.exit],
						["Save", save?.command],
						["End", definition.logout],
						["End of a command", keysToText(newline)],
						["User name gets", username_suffix || undefined],
					]}
				/>
			</Part>
			<Part title="Configuration" about={explained.config}>
				<Facts
					facts={[
						["Commands", config.commands.join("\n")],
						["Last line", config.end],
						["Structure", structures[config.structure]],
						["Comments", config.comment],
						["Dropped above", config.drop.join("\n") || undefined],
					]}
				/>
			</Part>
			<Part title="Changes" about={explained.change}>
				<Facts facts={changeFacts(definition.change)} />
			</Part>
			<Part title="Questions" about={explained.questions}>
				<Patterns
					none="None"
					patterns={[...definition.pager, ...definition.login_questions].map(
						({ pattern, send }) => `${pattern} → ${keysToText(send)}`,
					)}
				/>
			</Part>
			<Part title="Facts" about={explained.facts}>
				{facts.length === 0 ? (
					<Patterns none="No facts are read" patterns={[]} />
				) : (
					<ul className={styles.list}>
						{facts.map(({ command, fields }) => (
							<li key={command}>
								<span className="nc-mono">{visibleLine(command)}</span>
								<ul>
									{Object.entries(fields).map(([name, pattern]) => (
										<li key={name}>
											{name.replaceAll("_", " ")}: <span className="nc-mono">{visibleLine(pattern ?? "")}</span>
										</li>
									))}
								</ul>
							</li>
						))}
					</ul>
				)}
			</Part>
			<Part title="Errors" about={explained.errors}>
				<Patterns none="No answer counts as an error" patterns={definition.errors} />
			</Part>
			<Part title="Volatile lines" about={explained.volatile}>
				<Patterns none="None" patterns={definition.volatile} />
			</Part>
			<Part title="Secrets" about={explained.secrets}>
				<Patterns
					none="Nothing is masked"
					patterns={[
						...definition.secrets,
						...secret_blocks.flatMap(({ start, end, secrets }) =>
							secrets.map((secret) => `${secret}  between  ${start}  and  ${end}`),
						),
					]}
				/>
			</Part>
		</div>
	);
}

function changeFacts(change: ChangeDefinition): [label: string, value: string | undefined][] {
	switch (change.method) {
		case "candidate":
			return [
				["Taken back", "By the device itself"],
				["How", change.how],
				["Shows the difference", change.diff],
				["Commit", change.commit.join("\n")],
				["Confirm", change.confirm.join("\n")],
			];
		case "direct":
			return [
				[
					"Taken back",
					change.timer === undefined
						? "By us"
						: `By the device itself where its configuration has ${change.timer.available}, else by us`,
				],
				[
					"How",
					[
						change.timer?.how,
						change.checkpoint?.how ?? "Inverse commands, made from what differs, then line by line what they left.",
					]
						.filter(Boolean)
						.join("\n"),
				],
			];
		case "none":
			return [
				["Taken back", "Not at all"],
				["Why", change.why],
			];
	}
}

function Part({ title, about, children }: { title: string; about: string; children: ReactNode }) {
	return (
		<Panel title={title}>
			<p className={styles.explained}>{about}</p>
			{children}
		</Panel>
	);
}

function Facts({ facts }: { facts: [label: string, value: string | undefined][] }) {
	return (
		<dl className="nc-facts nc-panel-body">
			{facts.map(([label, value]) => (
				<div key={label} style={{ display: "contents" }}>
					<dt>{label}</dt>
					<dd>
						{value === undefined ? (
							<span className="nc-dim">none</span>
						) : (
							value.split("\n").map((line) => (
								<div key={line} className="nc-mono">
									{visibleLine(line)}
								</div>
							))
						)}
					</dd>
				</div>
			))}
		</dl>
	);
}

function Patterns({ patterns, none }: { patterns: readonly string[]; none: string }) {
	if (patterns.length === 0) return <p className="nc-panel-body nc-dim">{none}</p>;
	return (
		<ol className={styles.list}>
			{patterns.map((pattern, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: a pattern may stand there twice, and the list does not change
				<li key={index} className="nc-mono">
					{visibleLine(pattern)}
				</li>
			))}
		</ol>
	);
}
