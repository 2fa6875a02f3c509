import { type Permission, permissions } from "@netconductor/contracts/auth/permissions";

interface Resource {
	name: string;
	label: string;
	permissions: { name: Permission; action: string; allows: string }[];
}

/** All permissions by what they are about, in the order of the contract. */
export const resources: readonly Resource[] = [
	...Map.groupBy(Object.entries(permissions), ([name]) => name.split(":")[0] ?? name),
].map(([name, list]) => ({
	name,
	label: `${name.charAt(0).toUpperCase()}${name.slice(1)}`.replaceAll("_", " "),
	permissions: list.map(([permission, allows]) => ({
		name: permission as Permission,
		action: permission.slice(name.length + 1),
		allows,
	})),
}));

/** Grants over more than one permission that a role may hold, with what they mean. */
export const wideGrants = [
	{ grant: "*", label: "Everything", means: "Every permission, also those that later versions add" },
	{
		grant: "*:read",
		label: "Read everything",
		means: "Every permission to see things, also those that later versions add",
	},
] as const;
