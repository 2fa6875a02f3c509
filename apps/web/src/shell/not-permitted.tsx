import { type Permission, permissions } from "@netconductor/contracts/auth/permissions";
import { useMe } from "../api/context.tsx";
import { ButtonLink } from "../ui/link.tsx";
import { Notice } from "../ui/notice.tsx";
import { Page } from "../ui/page.tsx";

/** Stands in place of a page that the role of who is signed in does not open. */
export function NotPermitted({ needs }: { needs: Permission }) {
	const { user } = useMe();
	return (
		<Page title="Not for your role">
			<Notice tone="warn" icon="lock" title={`The role ${user.role} does not hold the permission ${needs}`}>
				<div>It allows: {permissions[needs]}. Somebody who changes roles can give it to you.</div>
			</Notice>
			<div>
				<ButtonLink to="/" variant="default">
					To the start page
				</ButtonLink>
			</div>
		</Page>
	);
}
