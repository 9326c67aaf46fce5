import { t } from '../i18n'
import { LinkButton, Title } from '../ui'

export const Missing = () => (
  <>
    <Title>{t('missing.title')}</Title>
    <LinkButton to="/" label="nav.home" />
  </>
)
