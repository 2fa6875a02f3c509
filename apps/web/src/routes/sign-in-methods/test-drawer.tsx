import { Button, Drawer, Group, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import type { LoginMethod, MethodTestStep } from "@netconductor/contracts/auth/login-methods";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { type Look, State } from "../../ui/state.tsx";
import { duration } from "../../ui/words.ts";

const outcomeLooks: Record<MethodTestStep["outcome"], Look> = {
	passed: { tone: "good", icon: "ok", word: "Passed" },
	failed: { tone: "bad", icon: "cross", word: "Failed" },
	skipped: { tone: "calm", icon: "minus", word: "Skipped" },
};

/** Tries a way to sign in step by step, with somebody's name and password where a directory is asked. Nobody is signed in. */
export function TestDrawer({ method, onClose }: { method: LoginMethod; onClose: () => void }) {
	const api = useApi();
	const [username, setUsername] = useState("");
	const [password, setPassword] = useState("");
	const test = useMutation({
		mutationFn: () =>
			api.auth.testLoginMethod({
				params: { id: method.id },
				body: {
					...(username.trim() !== "" && { username: username.trim() }),
					...(password !== "" && { password }),
				},
			}),
	});
	const title = `Test ${visibleLine(method.name)}`;

	function submit(event: FormEvent) {
		event.preventDefault();
		test.mutate();
	}

	return (
		<Drawer opened onClose={onClose} title={title} position="right" size={620} padding="md">
			<Stack gap="md">
				<form onSubmit={submit} aria-label={title}>
					<Stack gap="sm">
						{method.kind === "ldap" ? (
							<>
								<Text size="sm">
									Without a user name only the servers and the account that looks people up are tried. Nobody is signed
									in.
								</Text>
								<TextInput
									label="User name"
									data-autofocus
									autoComplete="off"
									autoCapitalize="none"
									spellCheck={false}
									maxLength={64}
									value={username}
									onChange={({ currentTarget }) => setUsername(currentTarget.value)}
								/>
								<PasswordInput
									label="Password"
									description="Only with a user name; it is not stored"
									autoComplete="new-password"
									maxLength={256}
									value={password}
									onChange={({ currentTarget }) => setPassword(currentTarget.value)}
								/>
							</>
						) : (
							<Text size="sm">
								The provider is asked for what it says of itself. To see somebody sign in, switch it on and use its
								button on the sign-in page.
							</Text>
						)}
						<Group justify="flex-end">
							<Button type="submit" loading={test.isPending}>
								Test
							</Button>
						</Group>
					</Stack>
				</form>
				<div aria-live="polite">
					{test.isError && <ProblemAlert error={test.error} />}
					{test.data !== undefined && (
						<Stack gap="sm">
							{test.data.passed ? (
								<State tone="good" icon="ok" word="Every step passed" />
							) : (
								<State tone="bad" icon="cross" word="A step failed" />
							)}
							<Steps steps={test.data.steps} />
						</Stack>
					)}
				</div>
			</Stack>
		</Drawer>
	);
}

function Steps({ steps }: { steps: readonly MethodTestStep[] }) {
	return (
		<table className="nc-table">
			<thead>
				<tr>
					<th scope="col">Step</th>
					<th scope="col">Outcome</th>
					<th scope="col" className="nc-number">
						Took
					</th>
				</tr>
			</thead>
			<tbody>
				{steps.map(({ name, outcome, detail, duration_ms }, index) => (
					// biome-ignore lint/suspicious/noArrayIndexKey: steps have their order only, and are never moved
					<tr key={index}>
						<th scope="row" className="nc-break" style={{ fontWeight: 400, whiteSpace: "normal" }}>
							<div style={{ fontWeight: 550 }}>{visibleLine(name)}</div>
							{visibleLine(detail)}
						</th>
						<td>
							<State {...outcomeLooks[outcome]} />
						</td>
						<td className="nc-number">{duration(duration_ms)}</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
