import type { AnyDocument, DocumentKind } from "./documents.ts";
import type { Kind } from "./kind.ts";
import { approvalPolicyKind } from "./kinds/approval-policy.ts";
import { calendarKind } from "./kinds/calendar.ts";
import { mopKind } from "./kinds/mop.ts";
import { scheduleKind } from "./kinds/schedule.ts";
import { stackKind } from "./kinds/stack.ts";
import { stackTemplateKind } from "./kinds/stack-template.ts";
import { stepTypeKind } from "./kinds/step-type.ts";
import { templateKind } from "./kinds/template.ts";

const kinds: { [K in DocumentKind]: Kind<Extract<AnyDocument, { kind: K }>> } = {
	Template: templateKind,
	StackTemplate: stackTemplateKind,
	Stack: stackKind,
	StepType: stepTypeKind,
	Mop: mopKind,
	ApprovalPolicy: approvalPolicyKind,
	Calendar: calendarKind,
	Schedule: scheduleKind,
};

/** How documents of a kind are read and written. What is given to it must be of that kind. */
export function kindOf(name: DocumentKind): Kind<AnyDocument> {
	return kinds[name] as unknown as Kind<AnyDocument>;
}
