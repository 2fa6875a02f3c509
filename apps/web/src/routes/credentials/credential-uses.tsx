import type { Credential } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { TextLink } from "../../ui/link.tsx";
import { count } from "../../ui/words.ts";
import styles from "./credential-uses.module.css";

const mostGroups = 500;

/** Where a credential is named, and the way there: it can be deleted once nothing names it. */
export function CredentialUses({ credential }: { credential: Credential }) {
	const api = useApi();
	const { id, device_id, devices, groups, overrides, used_by } = credential;
	const named = useQuery({
		queryKey: ["device_groups", "all"],
		queryFn: ({ signal }) => api.devices.listGroups({ query: { page_size: mostGroups } }, { signal }),
		enabled: groups > 0,
		select: ({ items }) => items.filter((group) => group.credential_id === id),
	}).data;
	return (
		<section aria-label="Where it is used" className={styles.uses}>
			<h3 className={styles.title}>Where it is used</h3>
			{devices > 0 && (
				<div>
					{device_id !== null ? (
						<TextLink to="/devices/$id" params={{ id: device_id }} size="sm">
							The device that it belongs to
						</TextLink>
					) : (
						<TextLink to="/devices" search={{ credential_id: id }} size="sm">
							{count(devices, "device")}
						</TextLink>
					)}
				</div>
			)}
			{groups > 0 && (
				<div>
					{count(groups, "group")}
					{named?.map((group, index) => (
						<span key={group.id}>
							{index === 0 ? ": " : ", "}
							<TextLink to="/groups/$id" params={{ id: group.id }} size="sm">
								{visibleLine(group.name)}
							</TextLink>
						</span>
					))}
				</div>
			)}
			{overrides > 0 && <div>{count(overrides, "override")} of single devices</div>}
			{used_by > 0 ? (
				device_id === null && <div className="nc-dim">It can be deleted once nothing names it.</div>
			) : (
				<div className="nc-dim">
					{credential.is_default
						? "As the default it serves every device that names none."
						: "No device, group or override uses it."}
				</div>
			)}
		</section>
	);
}
