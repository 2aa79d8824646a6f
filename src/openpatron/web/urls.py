"""The addresses of all pages. Inside an organization every address begins with its name."""

import re

from allauth.account.views import account_inactive, login, logout, reauthenticate
from allauth.idp.oidc import views as oidc
from allauth.mfa.base.views import authenticate, reauthenticate as reauthenticate_by_code
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from . import (
    blocks,
    cards,
    change_email,
    change_password,
    edit_own_contact,
    edit_own_data,
    edit_patron,
    edit_personal_data,
    erasure,
    export_patrons,
    forgotten_password,
    home,
    my_messages,
    notes,
    patron_list,
    patron_messages,
    patron_page,
    platform_sign_in,
    reading_sign_in,
    register_patron,
    remove_patron,
    renew_patron as renew,
    saved_lists,
    second_factor,
    set_password,
    sign_in_elsewhere,
    sites,
    staff_roles,
    what_is_known,
)
from .export_forms import FORMS
from .gate import public, signed_in

_organization: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("my-library/", home.my_library, name="my_library"),
    path("my-library/contact/", edit_own_contact.edit_own_contact, name="edit_own_contact"),
    path("patrons/", patron_list.patrons, name="patrons"),
    re_path(
        rf"^patrons/export\.(?P<form>{'|'.join(map(re.escape, FORMS))})$",
        export_patrons.export_patrons,
        name="export_patrons",
    ),
    path("patrons/lists/", saved_lists.saved_lists, name="saved_lists"),
    path("patrons/lists/save/", saved_lists.save_list, name="save_list"),
    path("patrons/lists/<int:number>/rename/", saved_lists.rename_list, name="rename_list"),
    path("patrons/lists/<int:number>/delete/", saved_lists.delete_list, name="delete_list"),
    path("patrons/erasure-wishes/", erasure.erasure_wishes, name="erasure_wishes"),
    path("patrons/register/", register_patron.register_patron, name="register_patron"),
    path("patrons/<int:number>/", patron_page.patron, name="patron"),
    path("patrons/<int:number>/edit/", edit_patron.edit_patron, name="edit_patron"),
    path(
        "patrons/<int:number>/personal-data/",
        edit_personal_data.edit_personal_data,
        name="edit_personal_data",
    ),
    path("patrons/<int:number>/block/", blocks.block_patron, name="block_patron"),
    path("patrons/<int:number>/blocks/<int:block>/lift/", blocks.lift_block, name="lift_block"),
    path("patrons/<int:number>/notes/write/", notes.note_patron, name="note_patron"),
    path("patrons/<int:number>/notes/<int:note>/edit/", notes.edit_note, name="edit_note"),
    path("patrons/<int:number>/notes/<int:note>/delete/", notes.delete_note, name="delete_note"),
    path("patrons/<int:number>/cards/<int:card>/", cards.card, name="card"),
    path("patrons/<int:number>/cards/<int:card>/print/", cards.print_card, name="print_card"),
    path("patrons/<int:number>/cards/<int:card>/replace/", cards.replace_card, name="replace_card"),
    path("patrons/<int:number>/renew/", renew.renew_patron, name="renew_patron"),
    path("patrons/<int:number>/renew/undo/", renew.undo_renewal, name="undo_renewal"),
    path(
        "patrons/<int:number>/staff-roles/give/",
        staff_roles.give_staff_role,
        name="give_staff_role",
    ),
    path(
        "patrons/<int:number>/staff-roles/<int:role>/end/",
        staff_roles.end_staff_role,
        name="end_staff_role",
    ),
    path("patrons/<int:number>/remove/", remove_patron.remove_patron, name="remove_patron"),
    path("patrons/<int:number>/password/", set_password.set_password, name="set_password"),
    path(
        "patrons/<int:number>/password/link/",
        set_password.set_password_link,
        name="set_password_link",
    ),
    path("patrons/<int:number>/messages/", patron_messages.patron_messages, name="patron_messages"),
    path("messages/", patron_messages.undelivered_messages, name="undelivered_messages"),
    path("messages/send-again/", patron_messages.resend_messages, name="resend_messages"),
    path(
        "messages/<int:message>/send-again/", patron_messages.resend_message, name="resend_message"
    ),
    path(
        "patrons/<int:number>/second-factor/",
        second_factor.reset_second_factor,
        name="reset_second_factor",
    ),
    path("sites/", sites.sites, name="sites"),
    path("sites/<str:short_name>/", sites.site, name="site"),
    path("", include("openpatron.web.job_urls")),
    path("", include("openpatron.web.administration_urls")),
    path("", include("openpatron.web.identity_provider_urls")),
    path("", include("openpatron.web.feeds_urls")),
    path("", include("openpatron.web.external_urls")),
    path("", include("openpatron.web.circulation_urls")),
    path("", include("openpatron.web.rostering_urls")),
    path("", include("openpatron.web.reading_urls")),
]

# allauth's views behind our gate, in our words.
_sign_in_data: list[URLPattern | URLResolver] = [
    path("", signed_in(second_factor.SignInData.as_view()), name="mfa_index"),
    path("again/", signed_in(reauthenticate), name="account_reauthenticate"),
    path("again/code/", signed_in(reauthenticate_by_code), name="mfa_reauthenticate"),
    path(
        "again/passkey/",
        signed_in(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path("app/set-up/", signed_in(totp.activate_totp), name="mfa_activate_totp"),
    path("app/take-away/", signed_in(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("codes/", signed_in(recovery_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "codes/new/",
        signed_in(recovery_codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "codes/recovery-codes.txt",
        signed_in(recovery_codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("passkeys/", signed_in(passkeys.list_webauthn), name="mfa_list_webauthn"),
    path("passkeys/add/", signed_in(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/rename/", signed_in(passkeys.edit_webauthn), name="mfa_edit_webauthn"),
    path(
        "passkeys/<int:pk>/remove/",
        signed_in(passkeys.remove_webauthn),
        name="mfa_remove_webauthn",
    ),
]

urlpatterns = [
    path("", home.start, name="start"),
    # Only these of allauth's: nobody signs up here, and links to a password are ours.
    path("sign-in/", public(platform_sign_in.leads_on(login)), name="account_login"),
    path("sign-in/closed/", public(account_inactive), name="account_inactive"),
    path("sign-in/second/", public(authenticate), name="mfa_authenticate"),
    path("sign-in/passkey/", public(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("sign-in/at/", sign_in_elsewhere.choose_organization, name="choose_organization"),
    path("sign-in/at/<slug:organization>/", sign_in_elsewhere.sign_in_at, name="sign_in_at"),
    path(
        "sign-in/at/<slug:organization>/<slug:code>/",
        sign_in_elsewhere.sign_in_elsewhere,
        name="sign_in_elsewhere",
    ),
    path(
        "sign-in/at/<slug:organization>/<slug:code>/back/",
        sign_in_elsewhere.back_from_elsewhere,
        name="back_from_elsewhere",
    ),
    path(
        "sign-in/at/<slug:organization>/<slug:code>/metadata.xml",
        sign_in_elsewhere.saml_metadata,
        name="saml_metadata",
    ),
    path(
        "sign-in/reading/<slug:organization>/",
        reading_sign_in.reading_sign_in,
        name="reading_sign_in",
    ),
    path(
        "sign-in/reading/<slug:organization>/away/",
        reading_sign_in.reading_sign_in_away,
        name="reading_sign_in_away",
    ),
    path(
        "sign-in/reading/<slug:organization>/back/",
        reading_sign_in.reading_signed_in,
        name="reading_signed_in",
    ),
    path("sign-in/agree/", sign_in_elsewhere.agree_to_identity, name="agree_to_identity"),
    path("sign-out/", public(logout), name="account_logout"),
    path("me/erasure/", erasure.erasure, name="erasure"),
    path("password/", change_password.change_password, name="change_password"),
    path("me/", home.my_libraries, name="my_libraries"),
    path("me/personal-data/", edit_own_data.edit_own_data, name="edit_own_data"),
    path("me/what-is-known/", what_is_known.what_is_known, name="what_is_known"),
    path("me/what-is-known.json", what_is_known.what_is_known_json, name="what_is_known_json"),
    path("me/what-is-known.pdf", what_is_known.what_is_known_pdf, name="what_is_known_pdf"),
    path("password/forgotten/", forgotten_password.forgotten_password, name="forgotten_password"),
    path(
        "password/link/<str:key>/", forgotten_password.use_password_link, name="use_password_link"
    ),
    path("me/messages/", my_messages.my_messages, name="my_messages"),
    path("me/email/", change_email.change_email, name="change_email"),
    path("me/email/<str:key>/", change_email.confirm_email, name="confirm_email"),
    path("me/sign-in/", include(_sign_in_data)),
    # Of allauth's provider only the way with a code: no consent, no devices, nobody registers.
    path(
        ".well-known/openid-configuration",
        public(platform_sign_in.configuration),
        name="oidc_configuration",
    ),
    path(".well-known/jwks.json", public(oidc.jwks), name="oidc_jwks"),
    path("identity/authorize", signed_in(platform_sign_in.authorize), name="oidc_authorization"),
    path("identity/token", csrf_exempt(public(oidc.token)), name="oidc_token"),
    path("identity/userinfo", csrf_exempt(public(oidc.user_info)), name="oidc_userinfo"),
    path("o/<slug:organization>/", include(_organization)),
]
