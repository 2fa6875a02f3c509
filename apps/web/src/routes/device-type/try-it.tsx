import { Button, FileButton, Group, Textarea } from "@mantine/core";
import type { PlatformDefinition } from "@netconductor/contracts/devices/platform";
import type { TranscriptReading } from "@netconductor/contracts/devices/transcript";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation } from "@tanstack/react-query";
import { memo, useMemo } from "react";
import { useApi } from "../../api/context.tsx";
import { ConfigText, visibleLines } from "../../ui/config-text.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { State } from "../../ui/state.tsx";
import { count } from "../../ui/words.ts";
import { lineMarks } from "./line-marks.ts";
import styles from "./try-it.module.css";

const largestBytes = 2 * 1024 * 1024;
const mostLines = 5_000;

/** How a definition reads what a session looked like on a terminal, without any device. */
export function TryIt({
	definition,
	transcript,
	onTranscript,
}: {
	definition: PlatformDefinition;
	transcript: string;
	onTranscript: (transcript: string) => void;
}) {
	const api = useApi();
	const attempt = useMutation({
		mutationFn: (body: { definition: PlatformDefinition; transcript: string }) => api.tasks.tryDeviceType({ body }),
	});
	const read = attempt.data;
	const stale =
		attempt.variables !== undefined &&
		(attempt.variables.transcript !== transcript || attempt.variables.definition !== definition);
	return (
		<div className={styles.side}>
			<Panel>
				<div className={`nc-panel-body ${styles.input}`}>
					<Textarea
						label="Transcript of a session"
						description="As it stood on the terminal, from the first prompt on: prompts, commands and answers. It is read and forgotten, not stored."
						placeholder={"core-1>enable\nPassword:\ncore-1#show running-config\n…"}
						autosize
						minRows={6}
						maxRows={16}
						spellCheck={false}
						value={transcript}
						onChange={({ currentTarget }) => onTranscript(currentTarget.value)}
					/>
					<Group gap="xs" mt="xs">
						<Button
							loading={attempt.isPending}
							disabled={transcript.trim() === ""}
							onClick={() => attempt.mutate({ definition, transcript })}
						>
							Read it
						</Button>
						<FileButton onChange={(file) => void take(file)}>
							{(button) => (
								<Button {...button} variant="default">
									Choose a file
								</Button>
							)}
						</FileButton>
						{read !== undefined && stale && (
							<State tone="warn" icon="warning" word="Something changed since: read it again" />
						)}
					</Group>
				</div>
			</Panel>
			{attempt.isError && <ProblemAlert error={attempt.error} />}
			{read === undefined && !attempt.isError && (
				<section className="nc-panel" aria-label="Not tried yet">
					<Empty title="Paste a session and read it">
						You then see which lines are taken for prompts, commands, answers, pager and errors, which facts are found,
						and the configuration as it would be stored: secrets masked, volatile lines left out.
					</Empty>
				</section>
			)}
			{read !== undefined && attempt.variables !== undefined && (
				<Reading reading={read} transcript={attempt.variables.transcript} />
			)}
		</div>
	);

	async function take(file: File | null): Promise<void> {
		if (file !== null) onTranscript(await file.slice(0, largestBytes).text());
	}
}

/** Drawn anew only for another answer, not at each key. */
const Reading = memo(function Reading({ reading, transcript }: { reading: TranscriptReading; transcript: string }) {
	const config = useMemo(() => visibleLines(reading.config?.text ?? ""), [reading]);
	return (
		<>
			<Checks reading={reading} />
			{reading.hints.length > 0 && (
				<Notice tone="warn" icon="warning" title="What does not fit">
					<ul>
						{reading.hints.map((hint) => (
							<li key={hint}>{visibleLine(hint)}</li>
						))}
					</ul>
				</Notice>
			)}
			<div className={styles.result}>
				<Lines reading={reading} transcript={transcript} />
				<div className={styles.side}>
					<FactsFound reading={reading} />
					<Commands reading={reading} />
					<Panel title="Configuration as it would be stored">
						{reading.config === null ? (
							<p className="nc-panel-body nc-dim">No command that reads the configuration is in the transcript.</p>
						) : (
							<ConfigText lines={config} label="Configuration as it would be stored" />
						)}
					</Panel>
				</div>
			</div>
		</>
	);
});

function Checks({ reading }: { reading: TranscriptReading }) {
	const { prompts, commands, errors, facts, missing_facts, config, pager } = reading;
	const found = Object.keys(facts).length;
	const known = commands.filter(({ purpose }) => purpose !== null).length;
	return (
		<section className="nc-panel" aria-label="What was recognised">
			<div className={styles.checks}>
				{prompts.length === 0 ? (
					<State tone="bad" icon="cross" word="No prompt recognised" />
				) : (
					<State tone="good" icon="ok" word={count(prompts.length, "prompt")} />
				)}
				<State
					tone={commands.length === 0 ? "calm" : "good"}
					icon={commands.length === 0 ? "minus" : "ok"}
					word={`${count(commands.length, "command")}, ${known} of the definition's`}
				/>
				{config === null ? (
					<State tone="warn" icon="warning" word="No configuration" />
				) : config.complete === false ? (
					<State tone="bad" icon="warning" word="Configuration cut off" />
				) : (
					<State tone="good" icon="ok" word="Configuration whole" />
				)}
				{config !== null && (
					<State tone="calm" icon="lock" word={`${count(config.masked_lines, "line")} with secrets masked`} />
				)}
				{config !== null && <State tone="calm" icon="minus" word={count(config.volatile.length, "volatile line")} />}
				<State
					tone={missing_facts.length === 0 ? "good" : "warn"}
					icon={missing_facts.length === 0 ? "ok" : "warning"}
					word={`${found} of ${count(found + missing_facts.length, "fact")}`}
				/>
				{errors.length > 0 && <State tone="bad" icon="cross" word={count(errors.length, "error")} />}
				{pager.length > 0 && <State tone="calm" icon="ok" word={count(pager.length, "pager line")} />}
			</div>
			{reading.truncated && <p className="nc-panel-body nc-dim">The transcript is long; not every line is told of.</p>}
		</section>
	);
}

function Lines({ reading, transcript }: { reading: TranscriptReading; transcript: string }) {
	const lines = useMemo(() => visibleLines(transcript), [transcript]);
	const marks = useMemo(() => lineMarks(reading), [reading]);
	return (
		<Panel title="Line by line">
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
			<section className={`nc-code ${styles.lines}`} aria-label="Line by line" tabIndex={0}>
				{lines.slice(0, mostLines).map((text, index) => {
					const mark = marks.get(index + 1);
					return (
						// biome-ignore lint/suspicious/noArrayIndexKey: a line is known by its place
						<div key={index} className={styles.line} data-kind={mark?.kind}>
							<span className={styles.number}>{index + 1}</span>
							<span className={styles.word}>
								{mark?.kind === "error" && <Icon name="cross" size={12} />} {mark?.word}
							</span>
							<span className={styles.text}>{text || " "}</span>
						</div>
					);
				})}
				{lines.length > mostLines && (
					<p className="nc-panel-body nc-dim">{count(lines.length - mostLines, "line")} more are not shown here.</p>
				)}
			</section>
		</Panel>
	);
}

const missingWords = {
	no_such_command: "the command is not in the transcript",
	refused: "the device refused the command",
	no_match: "the pattern does not match the answer",
} as const;

function FactsFound({ reading: { facts, missing_facts } }: { reading: TranscriptReading }) {
	return (
		<Panel title="Facts">
			{Object.keys(facts).length + missing_facts.length === 0 ? (
				<p className="nc-panel-body nc-dim">The definition reads no facts.</p>
			) : (
				<dl className="nc-facts nc-panel-body">
					{Object.entries(facts).map(([fact, value]) => (
						<div key={fact} style={{ display: "contents" }}>
							<dt>{fact.replaceAll("_", " ")}</dt>
							<dd>{visibleLine(value ?? "")}</dd>
						</div>
					))}
					{missing_facts.map(({ fact, command, why }) => (
						<div key={`${fact} ${command}`} style={{ display: "contents" }}>
							<dt>{fact.replaceAll("_", " ")}</dt>
							<dd className="nc-warn">
								not found: {missingWords[why]} <span className="nc-mono">({visibleLine(command)})</span>
							</dd>
						</div>
					))}
				</dl>
			)}
		</Panel>
	);
}

function Commands({ reading: { commands } }: { reading: TranscriptReading }) {
	return (
		<Panel title="Commands">
			{commands.length === 0 ? (
				<p className="nc-panel-body nc-dim">None was recognised.</p>
			) : (
				<div className="nc-scroll">
					<table className="nc-table">
						<thead>
							<tr>
								<th scope="col">Line</th>
								<th scope="col">Command</th>
								<th scope="col">Used for</th>
								<th scope="col">Answer</th>
							</tr>
						</thead>
						<tbody>
							{commands.map(({ line, command, purpose, answer, refused }) => (
								<tr key={line}>
									<td>{line}</td>
									<td className="nc-mono nc-break">{visibleLine(command)}</td>
									<td>{purpose === null ? <span className="nc-dim">nothing</span> : purpose.replaceAll("_", " ")}</td>
									<td>
										{refused !== null ? (
											<State tone="bad" icon="cross" word={`refused in line ${refused.line}`} />
										) : answer === null ? (
											<span className="nc-dim">empty</span>
										) : (
											count(answer.to_line - answer.from_line + 1, "line")
										)}
									</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
			)}
		</Panel>
	);
}
