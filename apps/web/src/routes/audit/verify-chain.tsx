import { Button, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import type { ChainVerification } from "@netconductor/contracts/audit/api";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { z } from "zod";
import { useApi } from "../../api/context.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { State } from "../../ui/state.tsx";
import { count } from "../../ui/words.ts";

const hash = /^[0-9a-f]{64}$/;

/** Recomputes the chain of hashes over the whole trail, and compares its end with one that was noted before. */
export function VerifyChain({ opened, onClose }: { opened: boolean; onClose: () => void }) {
	const api = useApi();
	const [expected, setExpected] = useState("");
	const verify = useMutation({
		mutationFn: (expected_head: string | undefined) => api.audit.verifyAudit({ query: { expected_head } }),
	});
	const noted = expected.trim().toLowerCase();
	const wrong = noted !== "" && !hash.test(noted);

	function submit(event: FormEvent) {
		event.preventDefault();
		if (!wrong) verify.mutate(noted === "" ? undefined : noted);
	}

	return (
		<Drawer opened={opened} onClose={onClose} title="Verify the trail" position="right" size={520}>
			<form onSubmit={submit}>
				<Stack gap="sm">
					<Text size="sm">
						Each record holds the hash of the one before it. Verifying computes all of them anew: a record that was
						changed, removed or put in between no longer fits.
					</Text>
					<TextInput
						label="Head noted earlier"
						description="With it you also learn whether records were cut off at the end. Optional."
						placeholder="64 hexadecimal digits"
						classNames={{ input: "nc-mono" }}
						autoComplete="off"
						spellCheck={false}
						value={expected}
						error={wrong && "64 hexadecimal digits, as the head was given"}
						onChange={({ currentTarget }) => setExpected(currentTarget.value)}
					/>
					<Group justify="flex-end">
						<Button type="submit" disabled={wrong} loading={verify.isPending}>
							Verify
						</Button>
					</Group>
					<div aria-live="polite">
						{verify.isError && <ProblemAlert error={verify.error} />}
						{verify.data !== undefined && <Result result={verify.data} compared={verify.variables !== undefined} />}
					</div>
				</Stack>
			</form>
		</Drawer>
	);
}

function Result({ result, compared }: { result: z.infer<typeof ChainVerification>; compared: boolean }) {
	const { intact, records, broken_at, reason, head } = result;
	if (!intact) {
		return (
			<Notice tone="bad" icon="warning" title="The trail does not fit together" role="alert">
				{broken_at !== null && <div>First at position {broken_at}.</div>}
				{reason !== null && <div>{visibleLine(reason)}</div>}
				<div>Keep a copy of the database as it is now, and compare it with a backup.</div>
			</Notice>
		);
	}
	return (
		<Stack gap="xs">
			<State
				tone="good"
				icon="ok"
				word={`Intact: ${count(records, "record")}${compared ? ", the noted head among them" : ""}`}
			/>
			<Group justify="space-between" align="center" wrap="nowrap">
				<div style={{ minWidth: 0 }}>
					<Text size="sm" fw={500}>
						Head now
					</Text>
					<output className="nc-mono nc-break" aria-label="Head">
						{visibleLine(head)}
					</output>
				</div>
				<div style={{ flex: "none" }}>
					<CopyButton text={head} label="Copy" />
				</div>
			</Group>
			<Text size="xs" c="dimmed">
				Note it outside of this machine. Given here later, it proves that nothing recorded until now has been cut off.
			</Text>
		</Stack>
	);
}
