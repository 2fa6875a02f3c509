import { Button, Drawer, Group, Text } from "@mantine/core";
import type { Passkey } from "@netconductor/contracts/auth/passkeys";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { takesPasskeys } from "../../passkeys/browser.ts";
import { signInQuery } from "../../shell/sign-in-query.ts";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/page.tsx";
import { Ago, Moment } from "../../ui/time.tsx";
import { PasskeySteps } from "./passkey-steps.tsx";
import { RemovePasskey } from "./remove-passkey.tsx";
import { RenamePasskey } from "./rename-passkey.tsx";

type Doing = { what: "add" } | { what: "rename" | "remove"; passkey: Passkey };

/** One's own passkeys. */
export function PasskeysPanel({ passkeys, hasApp }: { passkeys: readonly Passkey[]; hasApp: boolean }) {
	const api = useApi();
	const [doing, setDoing] = useState<Doing>();
	const [shown, setShown] = useState(false);
	const { data } = useQuery(signInQuery(api));
	const origin = data?.passkey_origin;
	const offered = takesPasskeys(origin);
	function stop() {
		setDoing(undefined);
		setShown(false);
	}
	return (
		<Panel
			title="Passkeys"
			actions={
				offered && (
					<Button
						variant="default"
						leftSection={<Icon name="plus" size={14} />}
						onClick={() => setDoing({ what: "add" })}
					>
						Add a passkey
					</Button>
				)
			}
		>
			{passkeys.length === 0 && (
				<Text size="sm" c="dimmed" className="nc-panel-body">
					None. A passkey signs you in with your fingerprint, your face or a PIN, without the password; nobody can learn
					it or lure it from you.
				</Text>
			)}
			{data !== undefined && !offered && (
				<div className="nc-panel-body">
					<WhyNot origin={origin} />
				</div>
			)}
			{passkeys.length > 0 && (
				<ul aria-label="Passkeys" style={{ listStyle: "none", margin: 0, padding: 0 }}>
					{passkeys.map((passkey) => (
						<li key={passkey.id} className="nc-panel-body">
							<Group justify="space-between" gap="xs">
								<span className="nc-state nc-break" style={{ fontWeight: 600, whiteSpace: "normal" }}>
									<Icon name="key" size={14} />
									{visibleLine(passkey.name)}
								</span>
								<Group gap="xs">
									<Button
										variant="default"
										size="compact-sm"
										aria-label={`Rename ${visibleLine(passkey.name)}`}
										onClick={() => setDoing({ what: "rename", passkey })}
									>
										Rename
									</Button>
									<Button
										variant="default"
										size="compact-sm"
										aria-label={`Remove ${visibleLine(passkey.name)}`}
										onClick={() => setDoing({ what: "remove", passkey })}
									>
										Remove
									</Button>
								</Group>
							</Group>
							<dl className="nc-facts" style={{ marginTop: 8 }}>
								<dt>Since</dt>
								<dd>
									<Moment at={passkey.created_at} />
								</dd>
								<dt>Last used</dt>
								<dd>
									{passkey.last_used_at === null ? "never" : <Ago at={passkey.last_used_at} />}
									{passkey.last_used_from !== null && <> from {passkey.last_used_from}</>}
								</dd>
								<dt>Kept</dt>
								<dd>
									<span className="nc-state">
										<Icon name={passkey.synced ? "layers" : "device"} size={14} />
										{passkey.synced ? "on several of your devices" : "on one device"}
									</span>
								</dd>
								{origin !== undefined && passkey.domain !== domainOf(origin) && (
									<>
										<dt>For</dt>
										<dd>{visibleLine(passkey.domain)}, which is not this installation's address any more</dd>
									</>
								)}
							</dl>
						</li>
					))}
				</ul>
			)}
			<Drawer
				opened={doing?.what === "add"}
				onClose={stop}
				title="Add a passkey"
				position="right"
				size={520}
				closeOnClickOutside={!shown}
			>
				<PasskeySteps onLeave={stop} onCodes={() => setShown(true)} onDone={stop} />
			</Drawer>
			{doing?.what === "rename" && <RenamePasskey passkey={doing.passkey} onClose={stop} />}
			{doing?.what === "remove" && (
				<RemovePasskey passkey={doing.passkey} isLast={passkeys.length === 1 && !hasApp} onClose={stop} />
			)}
		</Panel>
	);
}

function domainOf(origin: string | null): string | undefined {
	return origin === null ? undefined : new URL(origin).hostname;
}

function WhyNot({ origin }: { origin: string | null | undefined }) {
	if (typeof origin !== "string") {
		return (
			<Text size="sm">
				They cannot be used here: browsers take them only where a page is reached by a name over HTTPS, never at an IP
				address. Whoever runs this installation sets <span className="nc-mono">NETCONDUCTOR_PUBLIC_URL</span>.
			</Text>
		);
	}
	if (origin !== window.location.origin) {
		return (
			<Text size="sm">
				Passkeys of this installation belong to <a href={`${origin}/second-factor`}>{origin}</a>; you opened{" "}
				{window.location.origin}, where no browser takes them.
			</Text>
		);
	}
	return <Text size="sm">This browser takes no passkeys.</Text>;
}
