import type { ConnectionInUse, Device } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { CopyIcon } from "../../ui/copy-button.tsx";
import { TextLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/page.tsx";

/** How a session with the device would be opened now, and where each part comes from. */
export function ConnectionPanel({ device }: { device: Device }) {
	const api = useApi();
	const query = useQuery({
		queryKey: ["devices", device.id, "connection"],
		queryFn: ({ signal }) => api.devices.getConnection({ params: { id: device.id } }, { signal }),
		meta: { shows: ["overrides", "credentials", "device_groups"] },
	});
	return (
		<Panel title="Connection">
			<Loaded query={query}>
				{(connection) => (
					<>
						{connection.refused !== null && (
							<Notice tone="warn" icon="stop" title="No session is opened as things stand">
								<div>{visibleLine(connection.refused.message)}</div>
							</Notice>
						)}
						<dl className="nc-facts nc-panel-body">
							<dt>Goes to</dt>
							<dd>
								<span className="nc-mono">{visibleLine(`${connection.host}:${connection.port}`)}</span>
								<CopyIcon text={connection.host} label="Copy the address that is used" />
								{connection.address_from === "override" && <FromOverride id={device.id} />}
							</dd>
							<dt>By workers of</dt>
							<dd>
								the pool {visibleLine(connection.worker_pool.name)}
								{connection.worker_pool.group !== null && (
									<span className="nc-dim">, from the group {visibleLine(connection.worker_pool.group)}</span>
								)}
							</dd>
							<dt>Through</dt>
							<dd>
								{connection.jump_hosts.length === 0 && "nothing, directly"}
								{connection.jump_hosts.map(({ device_id, device_name, host, port }, index) => (
									<Fragment key={device_id}>
										{index > 0 && " → "}
										<TextLink
											to="/devices/$id"
											params={{ id: device_id }}
											size="sm"
											title={visibleLine(`${host}:${port}`)}
										>
											{visibleLine(device_name)}
										</TextLink>
									</Fragment>
								))}
							</dd>
							<dt>Login</dt>
							<dd>
								<Login device={device} credential={connection.credential} />
							</dd>
							<dt>Algorithms</dt>
							<dd>
								{connection.legacy_algorithms ? (
									<span className="nc-warn">outdated ones are allowed</span>
								) : (
									"current ones only"
								)}
							</dd>
							<dt>Waits at most</dt>
							<dd>
								connect {secondsOf(connection.timeouts.connect_ms)}, log in {secondsOf(connection.timeouts.auth_ms)},
								prompt {secondsOf(connection.timeouts.prompt_ms)}, while a command is silent{" "}
								{secondsOf(connection.timeouts.command_ms)}
							</dd>
						</dl>
					</>
				)}
			</Loaded>
		</Panel>
	);
}

function secondsOf(ms: number): string {
	return `${ms / 1000} s`;
}

function FromOverride({ id }: { id: string }) {
	return (
		<span className="nc-dim">
			, from its{" "}
			<TextLink to="/devices/$id" params={{ id }} search={{ tab: "override" }} size="sm">
				override
			</TextLink>
		</span>
	);
}

const from = {
	device: "set on the device",
	default: "the default, as nothing nearer is set",
} as const;

function Login({ device, credential }: { device: Device; credential: ConnectionInUse["credential"] }) {
	const api = useApi();
	const permitted = usePermitted()("credentials:read");
	const id = credential?.id ?? "";
	const query = useQuery({
		queryKey: ["credentials", id],
		queryFn: ({ signal }) => api.devices.getCredential({ params: { id } }, { signal }),
		enabled: permitted && credential !== null,
	});
	if (credential === null) return "none applies";
	const name =
		id === device.id
			? "the device's own"
			: query.data === undefined
				? "a stored credential"
				: visibleLine(query.data.name);
	return (
		<>
			{name}
			{query.data !== undefined && ` (${visibleLine(query.data.username)})`}
			{credential.from === "override" && <FromOverride id={device.id} />}
			{credential.from === "group" && (
				<span className="nc-dim">, from the group {visibleLine(credential.group ?? "")}</span>
			)}
			{(credential.from === "default" || (credential.from === "device" && id !== device.id)) && (
				<span className="nc-dim">, {from[credential.from]}</span>
			)}
		</>
	);
}
