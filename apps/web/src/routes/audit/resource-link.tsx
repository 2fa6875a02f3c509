import type { AuditRecord } from "@netconductor/contracts/audit/api";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";

type About = Pick<AuditRecord, "resource_type" | "resource_id" | "resource_name">;

/** What a record is about, in words: "device core-1". */
export function resourceText({ resource_type, resource_id, resource_name }: About): string {
	return [resource_type?.replaceAll("_", " "), resource_name ?? resource_id].filter(Boolean).join(" ");
}

/** What a record is about, leading there where there is a page of it; it may have been deleted since. */
export function ResourceLink({ about }: { about: About }) {
	const { resource_type, resource_id: id, resource_name } = about;
	const name = visibleLine(resource_name ?? id ?? "");
	if (id === undefined) return null;
	switch (resource_type) {
		case "device":
		case "device_override":
		case "host_key":
			return (
				<TextLink to="/devices/$id" params={{ id }} size="sm">
					{name}
				</TextLink>
			);
		case "user":
			return (
				<TextLink to="/users/$id" params={{ id }} size="sm">
					{name}
				</TextLink>
			);
		case "service_account":
			return (
				<TextLink to="/service-accounts/$id" params={{ id }} size="sm">
					{name}
				</TextLink>
			);
		case "role":
			return (
				<TextLink to="/roles" search={{ role: id }} size="sm">
					{name}
				</TextLink>
			);
		case "device_type":
			return (
				<TextLink to="/device-types/$id" params={{ id }} size="sm">
					{name}
				</TextLink>
			);
		case "mop":
			return (
				<TextLink to="/mops/$id" params={{ id }} size="sm">
					{name}
				</TextLink>
			);
		case "run":
			return (
				<TextLink to="/runs/$id" params={{ id }} size="sm">
					{name}
				</TextLink>
			);
		default:
			return name;
	}
}
