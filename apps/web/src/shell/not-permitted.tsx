import { type Permission, permissions } from "@netconductor/contracts/auth/permissions";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import { useMe } from "../api/context.tsx";
import { ButtonLink } from "../ui/link.tsx";
import { Notice } from "../ui/notice.tsx";
import { Page } from "../ui/page.tsx";

/** Stands in place of a page that the role of who is signed in does not open. */
export function NotPermitted({ needs }: { needs?: Permission }) {
	const me = useMe();
	const { title, hint } =
		needs === undefined || isPermitted(me, needs)
			? {
					title: "This is not open to roles that are limited to device groups",
					hint: "It is about things of every device. Somebody whose role covers every device can look for you.",
				}
			: {
					title: `The role ${me.user.role} does not hold the permission ${needs}`,
					hint: `It allows: ${permissions[needs]}. Somebody who changes roles can give it to you.`,
				};
	return (
		<Page title="Not for your role">
			<Notice tone="warn" icon="lock" title={title}>
				<div>{hint}</div>
			</Notice>
			<div>
				<ButtonLink to="/" variant="default">
					To the start page
				</ButtonLink>
			</div>
		</Page>
	);
}
