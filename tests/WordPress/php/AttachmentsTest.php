<?php
/**
 * Files: who may send what, and who may have it.
 */

namespace Chatpulse\Tests;

use Chatpulse\Attachments;

require_once __DIR__ . '/ChatTestCase.php';

final class AttachmentsTest extends ChatTestCase {

	/**
	 * Uploads a file.
	 *
	 * @return array{0: int, 1: mixed}
	 */
	private function upload( int $user, string $name, string $content ): array {
		$body   = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"$name\"\r\nContent-Type: application/octet-stream\r\n\r\n$content\r\n--part--\r\n";
		$answer = wp_remote_post(
			rest_url( 'chatpulse-chat/v1/attachments' ),
			array(
				'timeout' => 60,
				'headers' => array( 'Content-Type' => 'multipart/form-data; boundary=part' ) + $this->key( $user ),
				'body'    => $body,
			)
		);
		return array( wp_remote_retrieve_response_code( $answer ), json_decode( wp_remote_retrieve_body( $answer ), true ) );
	}

	private function download( int $id, array $headers ): array {
		$answer = wp_remote_get( rest_url( "chatpulse-chat/v1/attachments/$id" ), array( 'timeout' => 60, 'headers' => $headers ) );
		return array( wp_remote_retrieve_response_code( $answer ), wp_remote_retrieve_body( $answer ), $answer );
	}

	public function test_a_file_travels_with_a_message_to_those_in_the_thread(): void {
		$users  = array( $this->make_user(), $this->make_user(), $this->make_user() );
		$thread = $this->make_thread( array( $users[0], $users[1] ) );

		list( $status, $file ) = $this->upload( $users[0], 'Grüße 1.txt', "hello\nfile" );
		$this->assertSame( 201, $status, (string) wp_json_encode( $file ) );
		$this->assertSame( array( 'Grüße 1.txt', 10, 'text/plain' ), array( $file['filename'], $file['size'], $file['mime_type'] ) );
		$id = $file['attachment_id'];
		$this->assertSame( 404, $this->download( $id, $this->key( $users[1] ) )[0], 'not sent yet' );
		$this->assertSame( 200, $this->download( $id, $this->key( $users[0] ) )[0] );

		$with = static fn( array $ids ): array => array( 'content' => 'x', 'attachment_ids' => $ids );
		foreach ( array( array( $users[1], array( $id ), 'it is not theirs' ), array( $users[0], array( 99999999 ), 'there is none' ) ) as list( $user, $ids, $why ) ) {
			list( $status, $answer ) = $this->call( 'POST', "/threads/$thread", $with( $ids ), $this->key( $user ) );
			$this->assertSame( array( 400, array( 'attachment_ids' ) ), array( $status, array_keys( $answer['data']['params'] ) ), $why );
		}
		$message = $this->send( $users[0], $thread, 'see', array( 'attachment_ids' => array( $id ) ) );
		$this->assertSame( array( $id ), array_column( $message['attachments'], 'id' ) );
		$this->assertSame( $file['url'], $message['attachments'][0]['url'] );
		$this->assertSame( 400, $this->call( 'POST', "/threads/$thread", $with( array( $id ) ), $this->key( $users[0] ) )[0], 'it is sent' );

		list( $status, $content, $answer ) = $this->download( $id, $this->key( $users[1] ) );
		$this->assertSame( array( 200, "hello\nfile" ), array( $status, $content ) );
		$this->assertSame( $message['attachments'][0]['created_at_gmt'], $file['created_at_gmt'] );
		$this->assertEqualsWithDelta( time(), strtotime( $file['created_at_gmt'] ), 600 );
		$this->assertSame( strtotime( $file['created_at_gmt'] ), strtotime( wp_remote_retrieve_header( $answer, 'last-modified' ) ) );
		$this->assertSame( 'private, max-age=3600', wp_remote_retrieve_header( $answer, 'cache-control' ) );
		$this->assertStringEndsWith( ' GMT', wp_remote_retrieve_header( $answer, 'last-modified' ) );
		$this->assertSame( 'nosniff', wp_remote_retrieve_header( $answer, 'x-content-type-options' ) );
		$this->assertStringStartsWith( 'attachment; ', wp_remote_retrieve_header( $answer, 'content-disposition' ) );
		$this->assertSame( 200, $this->download( $id, array_diff_key( $this->sign_in( $users[1] ), array( 'X-WP-Nonce' => 1 ) ) )[0], 'as a browser loads a picture' );
		$this->assertSame( 403, $this->download( $id, $this->key( $users[2] ) )[0] );
		$this->assertSame( 401, $this->download( $id, array() )[0] );
		$this->assertSame( 403, $this->download( $id, $this->key() )[0] );
		$this->assertSame( 404, $this->download( 99999999, $this->key( $users[0] ) )[0] );

		$path = Attachments::path( Attachments::find( $id )->file_path );
		$this->assertMatchesRegularExpression( '~/chatpulse/[0-9a-f]{40}\.txt$~', $path );
		$this->call( 'DELETE', "/messages/{$message['id']}", null, $this->key( $users[0] ) );
		$this->assertFileDoesNotExist( $path );
		$this->assertSame( 404, $this->download( $id, $this->key( $users[0] ) )[0] );
	}

	public function test_files_are_in_the_order_in_which_the_message_names_them(): void {
		$user   = $this->make_user();
		$thread = $this->make_thread( array( $user ) );
		$ids    = array_map( fn( string $name ): int => $this->upload( $user, $name, 'content' )[1]['attachment_id'], array( 'a.txt', 'b.txt', 'c.txt' ) );
		$order  = array( $ids[1], $ids[2], $ids[0] );

		$message = $this->send( $user, $thread, 'see', array( 'attachment_ids' => $order ) );

		$this->assertSame( $order, array_column( $message['attachments'], 'id' ) );
		$this->assertSame( $order, array_column( $this->call( 'GET', "/threads/$thread/messages", null, $this->key( $user ) )[1]['messages'][0]['attachments'], 'id' ) );
	}

	public static function refused_files(): array {
		return array(
			array( 'x.exe', 'MZ' ),
			array( 'x.php', '<?php echo 1;' ),
			array( 'x.php.txt.phtml', 'x' ),
			array( 'x.html', '<script>alert(1)</script>' ),
			array( 'x.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>' ),
			array( 'x.png', '<?php echo 1;' ),
			array( 'x', 'x' ),
			array( '.htaccess', 'x' ),
			array( 'empty.txt', '' ),
		);
	}

	/**
	 * @dataProvider refused_files
	 */
	public function test_a_file_that_may_not_be_sent_is_refused( string $name, string $content ): void {
		$user  = $this->make_user();
		$files = fn(): int => count( (array) glob( wp_upload_dir()['basedir'] . '/chatpulse/*' ) );
		$there = $files();

		list( $status, $answer ) = $this->upload( $user, $name, $content );

		$this->assertSame( array( 400, 'invalid_file' ), array( $status, $answer['code'] ) );
		$this->assertSame( $there, $files() );
		$this->assertSame( 0, $this->rows( 'attachments', "uploader_id = $user" ) );
	}

	public function test_names_cannot_leave_the_folder(): void {
		list( $status, $file ) = $this->upload( $this->make_user(), '../../..\\..\\wp-config<b>.txt', 'some text' );

		$this->assertSame( 201, $status );
		$this->assertSame( 'wp-config.txt', $file['filename'] );
		$this->assertNull( Attachments::path( '../../wp-config.php' ) );
		$this->assertNull( Attachments::path( '/etc/passwd' ) );
	}

	public function test_files_that_no_message_came_for_are_deleted_after_a_day(): void {
		global $wpdb;
		$user  = $this->make_user();
		$old   = $this->upload( $user, 'old.txt', 'some text' )[1]['attachment_id'];
		$fresh = $this->upload( $user, 'fresh.txt', 'some text' )[1]['attachment_id'];
		$path  = Attachments::path( Attachments::find( $old )->file_path );
		$wpdb->query( 'UPDATE ' . \Chatpulse\Schema::table( 'attachments' ) . " SET created_at = created_at - INTERVAL 25 HOUR WHERE id = $old" );

		$this->assertSame( 1, Attachments::delete_unused() );

		$this->assertNull( Attachments::find( $old ) );
		$this->assertFileDoesNotExist( $path );
		$this->assertNotNull( Attachments::find( $fresh ) );
		$this->assertNotFalse( wp_next_scheduled( 'chatpulse_clean_up' ) );
	}
}
